import type { Difference } from './compare.ts';

/** What was found, for a file that somebody keeps. */
export type Findings = {
  readonly stage: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** ISO-8601, or `null`: objects of all times. */
  readonly since: string | null;
  readonly counts: readonly { readonly object: string; readonly stripe: number; readonly salesforce: number }[];
  /** By month in which the Stripe object was created (UTC), rows that differ or are missing. */
  readonly months: readonly { readonly month: string; readonly rows: number; readonly wrong: number }[];
  /** What is not equal now. */
  readonly differences: readonly Difference[];
  /** What was not equal, and is after the repair. */
  readonly repaired: readonly Difference[];
  /** Rows that differ and that an event of the last minutes is about: not judged. */
  readonly inFlight: number;
};

const HEADER = ['state', 'object', 'key', 'kind', 'column', 'stripe', 'salesforce'];

export function csvReport({ differences, repaired }: Findings): string {
  const row = (state: string) => (each: Difference) =>
    [state, each.object, each.key, each.kind, each.column ?? '', each.stripe, each.salesforce].map(cell).join(',');
  return `${[HEADER.join(','), ...differences.map(row('open')), ...repaired.map(row('repaired'))].join('\r\n')}\r\n`;
}

/** RFC 4180. A text that a spreadsheet would take for a formula is marked as text; a negative number is none. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One page without anything from elsewhere: readable on a screen, in the dark, and on paper. */
export function htmlReport(findings: Findings): string {
  const { stage, startedAt, finishedAt, since, counts, months, differences, repaired, inFlight } = findings;
  const verdict =
    differences.length === 0 ? 'Stripe and Salesforce agree.' : `Rows that do not agree: ${rowsIn(differences)}.`;
  const notes = [
    since === null
      ? 'Objects of all times.'
      : `Objects created since ${since}; rows that only Salesforce has were not looked for.`,
    inFlight > 0 ? `Changed within the last minutes and not judged: ${plural(inFlight, 'row')}.` : '',
    repaired.length > 0 ? `Repaired: ${plural(rowsIn(repaired), 'row')}.` : '',
  ].filter((note) => note !== '');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Reconciliation of ${escaped(stage)}, ${escaped(startedAt.slice(0, 10))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<p class="kicker">Reconciliation of Stripe and Salesforce</p>
<h1 class="${differences.length === 0 ? 'good' : 'bad'}">${escaped(verdict)}</h1>
<p>Stage <b>${escaped(stage)}</b>, read from <time>${escaped(startedAt)}</time> to <time>${escaped(finishedAt)}</time>. ${escaped(notes.join(' '))}</p>
</header>
${section(
  'Rows',
  ['Object', 'In Stripe', 'In Salesforce'],
  counts.map((each) => [each.object, each.stripe, each.salesforce]),
)}
${section(
  'By month of creation',
  ['Month', 'Rows', 'Missing or different'],
  months.map((each) => [each.month, each.rows, each.wrong]),
)}
${listed('Not equal', differences)}
${listed('Repaired', repaired)}
</main>
</body>
</html>
`;
}

function listed(title: string, differences: readonly Difference[]): string {
  if (differences.length === 0) return '';
  return section(
    title,
    ['Object', 'Key', 'Kind', 'Column', 'Stripe', 'Salesforce'],
    differences.map((each) => [each.object, each.key, each.kind, each.column ?? '', each.stripe, each.salesforce]),
  );
}

function section(title: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = (row: readonly (string | number)[]) =>
    row.map((each) => (typeof each === 'number' ? `<td class="n">${each}</td>` : `<td>${escaped(each)}</td>`)).join('');
  return `<section>
<h2>${escaped(title)}</h2>
<div class="wide" role="region" aria-label="${escaped(title)}" tabindex="0"><table>
<thead><tr>${head.map((each) => `<th scope="col">${escaped(each)}</th>`).join('')}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}
</tbody>
</table></div>
</section>`;
}

const rowsIn = (differences: readonly Difference[]): number =>
  new Set(differences.map(({ object, key }) => `${object} ${key}`)).size;
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d8dde6, #3a4250); --quiet: light-dark(#5a6472, #a3adba); }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
.kicker { margin: 0; color: var(--quiet); }
h1 { margin: .2rem 0 .6rem; font-size: 1.7rem; }
h1.good { color: light-dark(#1b6b3a, #6fd39a); }
h1.bad { color: light-dark(#a4161a, #ff8f8f); }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--quiet); font-weight: 600; }
td { overflow-wrap: anywhere; }
.n { text-align: right; font-variant-numeric: tabular-nums; padding-right: 2rem; }
@media print { :root { color-scheme: light; } main { padding: 0; max-width: none; } thead { display: table-header-group; } tr { break-inside: avoid; } }
`;
