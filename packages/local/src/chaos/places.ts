import type { Random } from '../stripe/random.ts';
import type { Story } from './story.ts';

/** So many for a small story, and one more for each `per` events. */
export function often(story: Story, atLeast: number, per: number): number {
  return atLeast + Math.floor(story.events.length / per);
}

/** Something for each of `count` places in the story, the last sixth left out: what strikes there finds little to hurt. */
export function throughout<Result>(
  story: Story,
  random: Random,
  count: number,
  make: (at: number, index: number) => Result,
): readonly Result[] {
  const last = Math.floor((story.events.length * 5) / 6);
  return Array.from({ length: count }, (_, index) => make(random.between(1, Math.max(1, last)), index));
}

export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
