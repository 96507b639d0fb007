/**
 * Many hops become few dots: those of a moment along the same line are one dot that is larger. What is beyond the bound is
 * not drawn; the numbers at the places tell it all the same.
 */
import type { Hop, Outcome, PlaceName } from '../../contract.ts';

export type Tone = 'flow' | 'good' | 'quiet' | 'bad';

export type Dot = { readonly from: PlaceName; readonly to: PlaceName; readonly tone: Tone; readonly hops: number };

/** `quiet`: it ended, and changed nothing. */
export function toneOf(outcome: Outcome): Tone {
  switch (outcome) {
    case 'written':
      return 'good';
    case 'stale':
    case 'nothing':
    case 'duplicate':
      return 'quiet';
    case 'failed':
      return 'bad';
    default:
      return 'flow';
  }
}

/** At most `bound` dots; failures first, then by how much flows. */
export function foldHops(hops: readonly Hop[], bound: number): readonly Dot[] {
  const dots = new Map<string, Dot>();
  for (const { from, to, outcome } of hops) {
    const tone = toneOf(outcome);
    const key = `${from}>${to}>${tone}`;
    dots.set(key, { from, to, tone, hops: (dots.get(key)?.hops ?? 0) + 1 });
  }
  return [...dots.values()].sort((a, b) => weight(b) - weight(a)).slice(0, Math.max(0, bound));
}

function weight(dot: Dot): number {
  return dot.tone === 'bad' ? Number.MAX_SAFE_INTEGER : dot.hops;
}

/** Radius in px: one hop 3.5, a hundred 9 and no more. */
export function radiusOf(hops: number): number {
  return Math.min(9, 3.5 + Math.log10(Math.max(1, hops)) * 2.75);
}
