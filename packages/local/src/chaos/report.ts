/** What a storm did, for a person and for scripts. Colours only where they are wanted (NO_COLOR, no terminal). */
import { styleText } from 'node:util';
import type { FaultFigures } from './ledger.ts';
import type { StormResult } from './storm.ts';

export type StormReport = {
  readonly seed: number;
  readonly customers: number;
  readonly passed: boolean;
  readonly faults: readonly FaultFigures[];
  readonly events: number;
  readonly rowsCompared: number;
  /** Poisoned rows aside. */
  readonly rowsDifferent: number;
  readonly eventsUnaccounted: number;
  /** Poison that is parked with a reason. */
  readonly parkedOnPurpose: number;
  readonly parkedNeedlessly: number;
  readonly seconds: number;
  readonly different: StormResult['accounts']['different'];
  readonly unaccounted: StormResult['accounts']['unaccounted'];
  readonly needless: StormResult['accounts']['needless'];
  readonly errors: readonly string[];
  /** The shortest that was found, where it failed and was shrunk. */
  readonly shortest?: {
    readonly command: string;
    readonly injections: readonly string[];
    readonly histories: StormResult['histories'];
  };
};

export function reportOf(run: { readonly seed: number; readonly customers: number }, result: StormResult): StormReport {
  const { accounts, judgement } = result;
  return {
    seed: run.seed,
    customers: run.customers,
    passed: result.passed,
    faults: result.faults,
    events: judgement.figures.events,
    rowsCompared: judgement.figures.rowsCompared,
    rowsDifferent: accounts.rowsDifferent,
    eventsUnaccounted: accounts.unaccounted.length,
    parkedOnPurpose: accounts.parked,
    parkedNeedlessly: accounts.needless.length,
    seconds: result.seconds,
    different: accounts.different,
    unaccounted: accounts.unaccounted,
    needless: accounts.needless,
    errors: result.errors,
  };
}

const SHOWN = 10;

export function told(report: StormReport): string {
  const head = ['fault', 'planned', 'injected', 'touched', 'recovered', 'median', 'longest'];
  const row = ([name = '', ...cells]: readonly string[]): string =>
    `  ${name.padEnd(22)}${cells.map((cell) => cell.padStart(10)).join('')}`;
  const wrong = [
    ...report.different.map(({ object, key, kind, column, expected, actual }) =>
      column === null
        ? `${object} ${key}: ${kind}`
        : `${object} ${key}: ${column} is ${actual}, Stripe says ${expected}`,
    ),
    ...report.unaccounted.map(({ id, type, why }) => `${id} ${type}: ${why}`),
    ...report.errors,
  ];
  return [
    '',
    styleText(
      'bold',
      `seed ${report.seed}, ${report.customers} customers: ${report.events} events in ${report.seconds} s`,
    ),
    '',
    styleText('dim', row(head)),
    ...report.faults.map((one) =>
      row([
        one.fault,
        ...[one.planned, one.injected, one.touched, one.recovered].map(String),
        ...[one.medianMs, one.longestMs].map((ms) => `${(ms / 1000).toFixed(1)} s`),
      ]),
    ),
    '',
    fact('rows compared', report.rowsCompared),
    fact('rows different', report.rowsDifferent),
    fact('events unaccounted for', report.eventsUnaccounted),
    fact('poison, parked with a reason', report.parkedOnPurpose),
    fact('parked for nothing', report.parkedNeedlessly),
    '',
    ...(report.passed
      ? [styleText('green', '  After the storm Salesforce and Stripe tell the same story.')]
      : [
          styleText('red', '  After the storm something is wrong:'),
          ...wrong.slice(0, SHOWN).map((line) => `    ${line}`),
        ]),
    ...shortestTold(report),
    '',
  ].join('\n');
}

function fact(name: string, value: number): string {
  return `  ${name.padEnd(30)}${String(value).padStart(6)}`;
}

function shortestTold({ shortest }: StormReport): readonly string[] {
  if (shortest === undefined) return [];
  return [
    '',
    styleText('bold', `  The shortest that still fails: ${shortest.command}`),
    ...shortest.injections.map((line) => `    ${line}`),
    ...shortest.histories.flatMap(({ wrong, moments }) => [
      '',
      `    ${wrong}`,
      ...moments.map(({ at, what }) => `    ${at.toFixed(1).padStart(8)} s  ${what}`),
    ]),
  ];
}
