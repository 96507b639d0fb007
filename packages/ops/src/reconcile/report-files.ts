import type { Difference } from '@payments/functions/operations/reconcile/compare';
import { REPORT_STYLE } from './report-style.ts';

/** What was found, for a file that somebody keeps. */
export type Findings = {
  readonly stage: string;
  /** Who ran it, as AWS knows them; `null`: nobody says. */
  readonly by: string | null;
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

/** One page without anything from elsewhere: readable on a screen, in the dark, and on paper. What matters comes first. */
export function htmlReport(findings: Findings): string {
  const { stage, startedAt, finishedAt, differences, repaired } = findings;
  const of = (kind: Difference['kind']) => differences.filter((each) => each.kind === kind);
  const agree = differences.length === 0;
  const verdict = agree ? 'Stripe and Salesforce agree.' : `Rows that do not agree: ${rowsIn(differences)}.`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Reconciliation of ${escaped(stage)}, ${escaped(startedAt.slice(0, 10))}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="kicker">Reconciliation of Stripe and Salesforce</p>
<h1 class="${agree ? 'good' : 'bad'}">${escaped(verdict)}</h1>
<dl class="facts">
${facts(findings)
  .map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`)
  .join('\n')}
</dl>
</header>
${totals(findings)}
${listed('Missing in Salesforce', 'Stripe has the object; Salesforce has no row of it.', of('missing'))}
${valuesThatDiffer(of('different'))}
${listed('Only in Salesforce', 'Stripe does not know the object. A repair leaves these alone: whether they may go is for people to say.', of('extra'))}
${changed('Repaired', 'These were not equal, were written again by the ordinary road, and are equal now.', repaired)}
${months(findings)}
<footer>
<p>Compared column by column, from what Stripe’s API said between ${when(startedAt)} and ${when(finishedAt)}. Of a failed payment’s wording and of a payment’s instant only whether they are there.</p>
<p class="sign"><span>Checked by</span><span>Date</span></p>
</footer>
</main>
</body>
</html>
`;
}

function facts({
  stage,
  by,
  startedAt,
  finishedAt,
  since,
  inFlight,
}: Findings): readonly (readonly [string, string])[] {
  return [
    ['Stage', stage],
    ...(by === null ? [] : [['Run by', by] as const]),
    ['Read', `${when(startedAt)} to ${when(finishedAt)}`],
    [
      'Compared',
      since === null ? 'objects of all times' : `objects created since ${when(since)}; not what only Salesforce has`,
    ],
    ...(inFlight === 0
      ? []
      : [
          [
            'Not judged',
            `${plural(inFlight, 'row')}, changed within the last minutes: run it again for these`,
          ] as const,
        ]),
  ];
}

/** `2026-11-29 06:00:00 UTC` */
const when = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;

function totals({ counts, differences }: Findings): string {
  const number = (object: string, kind: Difference['kind']) =>
    rowsIn(differences.filter((each) => each.object === object && each.kind === kind));
  const rows = counts.map(({ object, stripe, salesforce }) => [
    object,
    ...[stripe, salesforce, number(object, 'missing'), number(object, 'different'), number(object, 'extra')],
  ]);
  const sum = [1, 2, 3, 4, 5].map((at) => rows.reduce((all, row) => all + Number(row[at]), 0));
  return section({
    title: 'Totals',
    head: ['Object', 'In Stripe', 'In Salesforce', 'Missing', 'Different', 'Only in Salesforce'],
    rows,
    foot: ['All', ...sum],
  });
}

function months({ months: all }: Findings): string {
  return section({
    title: 'By month of creation',
    note: 'When the object was made in Stripe (UTC).',
    head: ['Month', 'Rows', 'Missing or different'],
    rows: all.map((each) => [each.month, each.rows, each.wrong]),
  });
}

function listed(title: string, note: string, differences: readonly Difference[]): string {
  if (differences.length === 0) return '';
  return section({ title, note, head: ['Object', 'Key'], rows: differences.map((each) => [each.object, each.key]) });
}

/** Field by field, so that one cause is seen as one. */
function valuesThatDiffer(differences: readonly Difference[]): string {
  if (differences.length === 0) return '';
  const byField = Map.groupBy(differences, ({ object, column }) => `${object} ${column ?? ''}`);
  const parts = [...byField]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([, some]) => {
      const { object = '', column } = some[0] ?? {};
      const caption = `${column ?? 'the row'} of ${object}: ${plural(some.length, 'row')}`;
      return table({ caption, head: ['Key', 'Stripe says', 'Salesforce has'], rows: some.map(sides), even: true });
    });
  return `<section>
<h2>Different</h2>
<p>Both have it, and say otherwise; field by field.</p>
${parts.join('\n')}
</section>`;
}

const sides = ({ key, stripe, salesforce }: Difference): readonly string[] => [key, shown(stripe), shown(salesforce)];
const shown = (value: string): string => (value === '' ? '(nothing)' : value);

function changed(title: string, note: string, differences: readonly Difference[]): string {
  if (differences.length === 0) return '';
  const head = ['Object', 'Key', 'Column', 'Stripe says', 'Salesforce had'];
  const rows = differences.map((each) => {
    const [key = '', ...values] = sides(each);
    return [each.object, key, each.column ?? '(the row)', ...values];
  });
  return section({ title, note, head, rows });
}

type Table = {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly foot?: readonly (string | number)[];
  /** Columns of one width, so that tables below each other are in line. */
  readonly even?: boolean;
};

function section({
  title,
  note,
  ...rest
}: Omit<Table, 'caption'> & { readonly title: string; readonly note?: string }): string {
  return `<section>
<h2>${escaped(title)}</h2>
${note === undefined ? '' : `<p>${escaped(note)}</p>`}
${table({ caption: '', ...rest }, title)}
</section>`;
}

/** The first cell of a row names it. A table that is wider than the screen moves by itself, with the keyboard too. */
function table({ caption, head, rows, foot, even = false }: Table, label = caption): string {
  const said = caption === '' ? '' : `<caption>${escaped(caption)}</caption>`;
  const numeric = (place: number) => rows.length > 0 && rows.every((row) => typeof row[place] === 'number');
  const kind = (place: number) => (numeric(place) ? ' class="n"' : '');
  const cells = (row: readonly (string | number)[]) =>
    row
      .map((value, place) => {
        const text = typeof value === 'number' ? value.toLocaleString('en') : value;
        // API names may break where their words end.
        if (place === 0) return `<th scope="row">${escaped(text).replace(/_(?=[A-Z])/g, '_<wbr>')}</th>`;
        const zero = value === 0 ? ' zero' : '';
        return `<td${numeric(place) ? ` class="n${zero}"` : ''}>${escaped(text)}</td>`;
      })
      .join('');
  return `<div class="wide" role="region" aria-label="${escaped(label)}" tabindex="0"><table${even ? ' class="even"' : ''}>
${said}
<thead><tr>${head.map((each, place) => `<th scope="col"${kind(place)}>${escaped(each)}</th>`).join('')}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}
</tbody>
${foot === undefined ? '' : `<tfoot><tr>${cells(foot)}</tr></tfoot>`}
</table></div>`;
}

const rowsIn = (differences: readonly Difference[]): number =>
  new Set(differences.map(({ object, key }) => `${object} ${key}`)).size;
const plural = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
