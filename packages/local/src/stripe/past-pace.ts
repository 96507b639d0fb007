/** A share of the time in which a share of the objects was made; both add up to 1 over all stretches. */
export type Stretch = { readonly time: number; readonly objects: number };

/**
 * A slow start, growth, a migration that brought a quarter of all within minutes (hundreds in one second), and today's
 * pace: no even slicing of time fits it.
 */
export const UNEVEN: readonly Stretch[] = [
  { time: 0.5, objects: 0.05 },
  { time: 0.3, objects: 0.2 },
  { time: 0.00001, objects: 0.25 },
  { time: 0.19999, objects: 0.5 },
];

/** When the object at a share of all objects (0 to 1) was made, in epoch seconds; never falls as the share grows. */
export function paceOf(from: number, to: number, stretches: readonly Stretch[]): (share: number) => number {
  const marks: { readonly share: number; readonly at: number; readonly objects: number; readonly seconds: number }[] =
    [];
  let share = 0;
  let at = from;
  for (const { time, objects } of stretches) {
    const seconds = time * (to - from);
    marks.push({ share, at, objects, seconds });
    share += objects;
    at += seconds;
  }
  return (wanted) => {
    const mark = marks.findLast((it) => it.share <= wanted);
    if (mark === undefined) return from;
    const within = mark.objects === 0 ? 0 : (wanted - mark.share) / mark.objects;
    return Math.min(to, Math.floor(mark.at + mark.seconds * within));
  };
}
