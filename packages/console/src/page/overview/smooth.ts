/**
 * The mean of each point and the ones before it, `points` in all; as many numbers as came. The first ones, which have too few
 * before them, get the first whole mean.
 */
export function smooth(values: readonly number[], points: number): readonly number[] {
  const size = Math.max(1, Math.min(points, values.length));
  let sum = values.slice(0, size).reduce((all, one) => all + one, 0);
  return values.map((value, index) => {
    if (index >= size) sum += value - (values[index - size] ?? 0);
    // What is left of a sum of zeros after many additions is not zero.
    return Math.max(0, Math.round((sum / size) * 1_000) / 1_000);
  });
}
