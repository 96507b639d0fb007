import { validation } from './events-error.ts';

const UNITS = new Map([
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
]);

/**
 * The period of `rate(1 minute)`, `rate(5 minutes)` …, in milliseconds.
 * Throws ValidationException for anything else; `cron(…)`, which EventBridge takes, is not imitated.
 */
export function ratePeriod(expression: string): number {
  const [, count = '', unit = '', plural = ''] = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const period = UNITS.get(unit);
  // AWS insists on "1 minute" and "2 minutes".
  if (period === undefined || (count === '1') !== (plural === '')) {
    throw validation('Parameter ScheduleExpression is not valid.');
  }
  return Number(count) * period;
}
