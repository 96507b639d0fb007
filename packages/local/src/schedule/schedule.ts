/** EventBridge schedules of the form `rate(n unit)`. A start that is still running does not hold back the next one. */
const UNIT_MS = new Map([
  ['second', 1_000],
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
]);

/** Milliseconds of a rate expression; `null` for `cron(…)` and `at(…)`, which the local runner does not run. */
export function rateMs(expression: string): number | null {
  const match = /^rate\((\d+) (second|minute|hour|day)s?\)$/.exec(expression);
  if (match === null) return null;
  const unit = UNIT_MS.get(match[2] ?? '');
  return unit === undefined ? null : Number(match[1]) * unit;
}

export type Schedule = { readonly name: string; readonly expression: string; readonly start: () => void };

/** `speed` divides the interval: a demo need not wait a minute for each flush. Returns how to stop. */
export function startSchedules(schedules: readonly Schedule[], speed = 1): () => void {
  const timers = schedules.flatMap(({ expression, start }) => {
    const interval = rateMs(expression);
    return interval === null ? [] : [setInterval(start, Math.max(50, interval / speed))];
  });
  return () => timers.forEach(clearInterval);
}
