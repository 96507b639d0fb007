import * as v from 'valibot';

/** A point in time as an operator writes it: an ISO-8601 time with its zone, a day (UTC), or how long ago (`90m`, `2h`, `3d`). */
export type Instant = { readonly kind: 'at'; readonly ms: number } | { readonly kind: 'ago'; readonly ms: number };

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const AGO = /^(\d{1,6})([smhd])$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ZONED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function read(text: string): Instant | null {
  if (text === 'now') return { kind: 'ago', ms: 0 };
  const [, count, unit] = AGO.exec(text) ?? [];
  if (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd') {
    return { kind: 'ago', ms: Number(count) * UNITS[unit] };
  }
  if (!DAY.test(text) && !ZONED.test(text)) return null;
  const ms = Date.parse(text);
  // JavaScript takes 31 February for 3 March.
  const isDay = new Date(`${text.slice(0, 10)}T00:00:00Z`).toJSON()?.slice(0, 10) === text.slice(0, 10);
  return Number.isNaN(ms) || !isDay ? null : { kind: 'at', ms };
}

export const InstantSchema = v.pipe(
  v.string(),
  v.rawTransform<string, Instant>(({ dataset, addIssue, NEVER }) => {
    const instant = read(dataset.value);
    if (instant !== null) return instant;
    addIssue({
      message: 'takes a time with its zone (2026-11-25T10:00:00Z), a day (2026-11-25, UTC) or an age (90m, 2h, 3d)',
    });
    return NEVER;
  }),
);

/** Milliseconds since 1970. */
export function instantMs(instant: Instant, nowMs: number): number {
  return instant.kind === 'at' ? instant.ms : nowMs - instant.ms;
}

/** `25 ms`, `3 s`, `4 min`, `2 h`, `3 d`: how long, for people. */
export function span(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
