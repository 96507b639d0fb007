// Every check of the SFDX project that needs no org, cheap to dear; one line per step, exit status 1 when one fails.
//
//   node scripts/checks/run.mjs [--only=format,soql] [--write] [--fast]
//
// --write lays the code out and writes the manifest; --fast leaves out security, sample data and packaging. Needs Node 24; installs its packages and Java 17.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const options = new Map(process.argv.slice(2).map((each) => each.replace(/^--/, '').split('=')));
const say = (line) => console.log(line);

if (!existsSync(path.join(here, 'node_modules/.package-lock.json'))) {
  say('setup: installing the checks (once, about a minute, 800 MB)');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
}
const { readProject } = await import('./project.mjs');
const { ensureJava, checkApex } = await import('./apex-compile.mjs');
const project = readProject(path.resolve(here, '../..'));

/** name → [what it proves, how to check it]; modules are loaded when their turn comes */
const STEPS = {
  format: ['Salesforce’s own parser takes every class; one layout', async () =>
    (await import('./format.mjs')).checkFormat(project, options.has('write') ? { write: writeFileSync } : {})],
  metadata: ['every XML fits the Metadata API’s types', async () => (await import('./metadata-types.mjs')).checkMetadataTypes(project)],
  manifest: ['the manifest names every component', async () =>
    (await import('./manifest.mjs')).checkManifest(project, options.has('write') ? { write: writeFileSync } : {})],
  references: ['what metadata names exists', async () => (await import('./references.mjs')).checkReferences(project)],
  pages: ['what pages, tabs and apps name exists', async () => (await import('./pages.mjs')).checkPages(project)],
  reports: ['what reports and dashboards name exists', async () => (await import('./reports.mjs')).checkReports(project)],
  'scratch-org': ['one command makes an org, repeats and resumes', async () => (await import('./scratch-org.mjs')).checkScratchOrgScript(project)],
  apex: ['nearly what the compiler says', () => {
    ensureJava(say);
    return checkApex(project);
  }],
  soql: ['fields and values in queries; our own rules', async () => (await import('./soql.mjs')).checkSoql(project)],
  'user-mode': ['who is given a screen may do what it does; tests run as such a user', async () => (await import('./user-mode.mjs')).checkUserMode(project)],
  middleware: ['the same owners, cases and fields as the middleware', async () => (await import('./middleware.mjs')).checkMiddleware(project)],
  behaviour: ['guard and Contact trigger, run as written, do what the shared cases say', async () => (await import('./behaviour.mjs')).checkBehaviour(project)],
  'form-bodies': ['what Apex sends is what Stripe’s SDK knows', async () => (await import('./form-bodies.mjs')).checkFormBodies(project)],
  components: ['screens compile', async () => (await import('./components.mjs')).compileComponents(project)],
  'component-tests': ['screens behave', async () => (await import('./components.mjs')).testComponents(project)],
  security: ['PMD and the graph engine find nothing new', async () => {
    ensureJava(say);
    return (await import('./analyzer.mjs')).checkSecurity(project);
  }],
  'sample-data': ['the CLI imports it into the local org', async () => (await import('./sample-data.mjs')).checkSampleData(project)],
  packaging: ['the tree packs', async () => (await import('./packaging.mjs')).checkPackaging(project)],
};
const slow = new Set(['security', 'sample-data', 'packaging']);

const wanted = options.get('only')?.split(',');
let failed = 0;
for (const [name, [proves, check]] of Object.entries(STEPS)) {
  if (wanted ? !wanted.includes(name) : options.has('fast') && slow.has(name)) continue;
  const started = performance.now();
  const issues = await check();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`${name.padEnd(16)} ${issues.length === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(5)} s  ${proves}`);
  for (const issue of issues.slice(0, 40)) say(`    ${issue}`);
  failed += issues.length === 0 ? 0 : 1;
}
process.exitCode = failed === 0 ? 0 : 1;
