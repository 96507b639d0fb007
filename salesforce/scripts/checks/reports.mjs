// Report types, reports, dashboards and their folders: each names what exists, and nothing that an org refuses when it is
// deployed. Reports use the project's own report types only, so that every column is known here.
import path from 'node:path';
import { follow, schemaOf } from './apex-schema.mjs';
import { list, lower } from './project.mjs';

const SUMMABLE = /^(Number|Currency|Percent|Summary)$/;
const MEASURED_IN_DAYS = /^Date(Time)?$/;
/** Longer names and descriptions are refused. */
const LONGEST = { name: 40, title: 80, description: 255 };
/** Who must be able to read every column. */
const READER = 'Stripe_Admin.permissionset-meta.xml';

/** @returns {string[]} one line per mistake */
export function checkReports(project) {
  const issues = [];
  const say = (file, message) => issues.push(`${project.relative(file)}: ${message}`);
  const find = schemaOf(project);
  const types = new Map();
  for (const file of project.ending('.reportType-meta.xml'))
    types.set(`${project.nameOf(file)}__c`, reportType(project, file, find, (message) => say(file, message)));
  const readable = readableBy(project);
  const reports = new Map();
  for (const file of project.ending('.report-meta.xml')) {
    const report = project.xml(file);
    reports.set(nameIn(project, file, 'report', say), report);
    checkReport(report, types, readable, (message) => say(file, message));
  }
  for (const file of project.ending('.dashboard-meta.xml')) {
    nameIn(project, file, 'dashboard', say);
    dashboard(project.xml(file), reports, (message) => say(file, message));
  }
  return issues;
}

/** `Folder/Name`; the folder must have a file of its own, and readers. */
function nameIn(project, file, kind, say) {
  const folder = path.dirname(file);
  const declared = `${folder}.${kind}Folder-meta.xml`;
  if (!project.files.includes(declared)) say(file, `the folder ${path.basename(folder)} is not declared`);
  else if (list(project.xml(declared).folderShares).length === 0) say(declared, 'is shared with nobody');
  return `${path.basename(folder)}/${project.nameOf(file)}`;
}

/** @returns {Map<string, any>} `Object__c$Field__c` → what is known of the field */
function reportType(project, file, find, tell) {
  const { baseObject, sections } = project.xml(file);
  const columns = new Map();
  const base = find(baseObject);
  if (!base) tell(`unknown object ${baseObject}`);
  else if (project.objects.get(baseObject)?.declared.enableReports !== 'true') tell(`${baseObject} allows no reports`);
  for (const { columns: some } of base ? list(sections) : [])
    for (const { field, table } of list(some)) {
      const name = `${table}$${field}`;
      if (table !== baseObject) tell(`unknown table ${table}`);
      if (columns.has(name)) tell(`${field} twice`);
      const steps = field.split('.').map((step, i, all) => (i < all.length - 1 ? step.replace(/__c$/, '__r') : step));
      const { problem, ...found } = follow(base, steps, find);
      if (problem) tell(problem);
      columns.set(name, { ...found.field, owner: found.owner?.name, column: steps.at(-1) });
    }
  return columns;
}

function readableBy(project) {
  const file = project.files.find((each) => each.endsWith(`/${READER}`));
  return new Set(list(project.xml(file).fieldPermissions).flatMap(({ field, readable }) => (readable === 'true' ? [lower(field)] : [])));
}

function checkReport(report, types, readable, tell) {
  lengths(report, tell);
  const columns = types.get(report.reportType);
  if (!columns) return tell(`unknown report type ${report.reportType}`);
  const known = (name, use) => {
    const found = columns.get(name);
    if (!found) tell(`${use} by ${name}, which is no column of ${report.reportType}`);
    else if (/__c$/.test(found.column) && !readable.has(lower(`${found.owner}.${found.column}`))) tell(`${READER} cannot read ${name}`);
    return found;
  };
  const shown = new Map(list(report.columns).map(({ field, aggregateTypes }) => [field, list(aggregateTypes)]));
  for (const [name, sums] of shown)
    if (!SUMMABLE.test(known(name, 'shows')?.type ?? '') && sums.length > 0) tell(`${name} cannot be added up`);
  const groupings = new Set();
  for (const { field, dateGranularity } of [...list(report.groupingsDown), ...list(report.groupingsAcross)]) {
    const found = known(field, 'grouped');
    if (groupings.has(field) || shown.has(field)) tell(`${field} is grouped, and there once more`);
    if (!['Day', 'None'].includes(dateGranularity) && !MEASURED_IN_DAYS.test(found?.type ?? '')) tell(`${field} has no ${dateGranularity}`);
    groupings.add(field);
  }
  const across = list(report.groupingsAcross).length > 0;
  const format = across ? 'Matrix' : groupings.size > 0 ? 'Summary' : 'Tabular';
  if (report.format !== format) tell(`is ${report.format}, and grouped as ${format}`);
  for (const { column, value } of list(report.filter?.criteriaItems)) {
    const values = known(column, 'filtered')?.values;
    for (const each of values && value ? value.split(',') : []) if (!values.includes(each)) tell(`filters ${column} by unknown value ${each}`);
  }
  if (!MEASURED_IN_DAYS.test(typeOfDay(known(report.timeFrameFilter?.dateColumn, 'timed')))) tell('its time frame is no date');
  if (report.sortColumn && !shown.has(report.sortColumn)) tell(`sorted by ${report.sortColumn}, which it does not show`);
  if (report.chart) chart(report.chart, groupings, shown, tell);
}

const typeOfDay = (found) => (found?.column === 'CreatedDate' ? 'DateTime' : (found?.type ?? ''));

function chart({ groupingColumn, secondaryGroupingColumn, chartSummaries }, groupings, shown, tell) {
  for (const name of [groupingColumn, secondaryGroupingColumn].filter(Boolean))
    if (!groupings.has(name)) tell(`its chart is by ${name}, by which it is not grouped`);
  for (const { column, aggregate } of list(chartSummaries))
    if (column !== 'RowCount' && !shown.get(column)?.includes(aggregate)) tell(`its chart shows ${aggregate} of ${column}, which it does not add up`);
}

function lengths(metadata, tell) {
  for (const [part, most] of Object.entries(LONGEST))
    if ((metadata[part] ?? '').length > most) tell(`<${part}> is longer than ${most} characters`);
}

function dashboard(metadata, reports, tell) {
  lengths(metadata, tell);
  if (metadata.dashboardType !== 'LoggedInUser' || metadata.runningUser) tell('must show what the person who looks may see');
  const { dashboardGridComponents, numberOfColumns } = metadata.dashboardGridLayout ?? {};
  const taken = new Set();
  for (const { colSpan, columnIndex, rowIndex, rowSpan, dashboardComponent } of list(dashboardGridComponents)) {
    const { report, useReportChart } = dashboardComponent;
    const shown = reports.get(report);
    if (!shown) tell(`unknown report ${report}`);
    else if (useReportChart === 'true' && !shown.chart) tell(`${report} has no chart`);
    const [left, top, width, height] = [columnIndex, rowIndex, colSpan, rowSpan].map(Number);
    if (left + width > Number(numberOfColumns)) tell(`${report} is wider than the dashboard`);
    for (let x = left; x < left + width; x += 1)
      for (let y = top; y < top + height; y += 1) {
        if (taken.has(`${x} ${y}`)) return tell(`${report} covers another part`);
        taken.add(`${x} ${y}`);
      }
  }
}
