/** A date literal as the UTC instants it spans: from `start` up to, not including, `end`. */
export type DateRange = { readonly start: number; readonly end: number };

const DAY = 86_400_000;

/** `TODAY`, `THIS_MONTH`, `LAST_N_DAYS:30` … seen from `now` (ms). The org's time zone is UTC. */
export function dateRange(name: string, n: number, now: number): DateRange {
  const today = Math.floor(now / DAY) * DAY;
  const days = (from: number, to: number) => ({ start: today + from * DAY, end: today + to * DAY });
  switch (name) {
    case 'TODAY':
      return days(0, 1);
    case 'YESTERDAY':
      return days(-1, 0);
    case 'TOMORROW':
      return days(1, 2);
    case 'LAST_N_DAYS':
      return days(-n, 1);
    case 'NEXT_N_DAYS':
      return days(1, n + 1);
    case 'LAST_90_DAYS':
      return days(-90, 1);
    case 'NEXT_90_DAYS':
      return days(1, 91);
    default:
      return calendarRange(name, today);
  }
}

const SHIFT = { LAST: -1, THIS: 0, NEXT: 1 } as const;

function calendarRange(name: string, today: number): DateRange {
  const [, when = 'THIS', unit = ''] = /^(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)$/.exec(name) ?? [];
  const shift = when === 'LAST' || when === 'NEXT' ? SHIFT[when] : 0;
  const date = new Date(today);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  // Weeks begin on Sunday, as in a US org.
  if (unit === 'WEEK') {
    const start = today - date.getUTCDay() * DAY + shift * 7 * DAY;
    return { start, end: start + 7 * DAY };
  }
  const months = unit === 'YEAR' ? 12 : unit === 'QUARTER' ? 3 : 1;
  const first = month - (month % months) + shift * months;
  return { start: Date.UTC(year, first, 1), end: Date.UTC(year, first + months, 1) };
}
