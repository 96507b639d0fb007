/** The table at the end of a demo, for a person. Colours only where they are wanted (NO_COLOR, no terminal). */
import { styleText } from 'node:util';
import type { Difference } from './judge.ts';
import type { Judgement } from './judgement.ts';

const SHOWN = 15;

export function report(judgement: Judgement, options: { readonly customers: number; readonly seed: number }): string {
  const { figures, perLane } = judgement;
  const seconds = (ms: number): string => (ms >= 1_000 ? `${(ms / 1_000).toFixed(1)} s` : `${ms} ms`);
  const lane = (name: string, events: number, p: { p50Ms: number; p95Ms: number; p99Ms: number } | null): string =>
    `  ${name.padEnd(10)}${count(events)}   ${p === null ? '' : [p.p50Ms, p.p95Ms, p.p99Ms].map((ms) => seconds(ms).padStart(8)).join('')}`;
  const fact = (name: string, value: string | number, note = ''): string =>
    `  ${name.padEnd(34)}${typeof value === 'number' ? count(value) : value.padStart(8)}   ${styleText('dim', note)}`.trimEnd();
  const good = figures.rowsDifferent === 0 && judgement.unaccounted.length === 0;
  const calls = Object.entries(judgement.callsByKind)
    .map(([kind, made]) => `${kind} ${made}`)
    .join(', ');
  return [
    '',
    styleText(
      'bold',
      `${options.customers} customers, seed ${options.seed}: ${figures.events.toLocaleString('en')} events in ${figures.seconds} s (${figures.eventsPerSecond}/s)`,
    ),
    '',
    styleText(
      'dim',
      `  ${'lane'.padEnd(10)}${'events'.padStart(8)}   ${'p50'.padStart(8)}${'p95'.padStart(8)}${'p99'.padStart(8)}   first sent → in Salesforce`,
    ),
    lane('realtime', perLane.realtime, figures.realtime),
    lane('bulk', perLane.bulk, figures.bulk),
    lane('unrouted', perLane.unrouted, null),
    '',
    fact('answered 2xx', figures.acknowledged, `of ${figures.events.toLocaleString('en')} events`),
    fact('duplicates seen', figures.duplicates, 'arrived again; changed nothing'),
    fact('stale writes refused by the guard', judgement.refusedByGuard),
    fact('Salesforce calls', figures.salesforceCalls, calls),
    fact('calls per 1,000 events', figures.callsPer1000),
    fact(
      'dead letters',
      figures.deadLettered,
      judgement.deadLetters.map(({ queue, messages }) => `${queue} ${messages}`).join(', '),
    ),
    fact('events unaccounted for', judgement.unaccounted.length, judgement.unaccounted.slice(0, 3).join(', ')),
    fact('rows compared', figures.rowsCompared),
    fact('rows different', figures.rowsDifferent),
    '',
    good
      ? styleText('green', '  Salesforce and Stripe tell the same story.')
      : [
          styleText('red', '  Salesforce and Stripe do not tell the same story:'),
          ...judgement.differences.slice(0, SHOWN).map(told),
        ].join('\n'),
    '',
  ].join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en').padStart(8);
}

function told({ object, key, kind, column, expected, actual }: Difference): string {
  const what = column === null ? kind : `${column}: Stripe says ${expected}, Salesforce ${actual}`;
  return `    ${object} ${key}  ${what}`;
}
