import type { Rank } from '@payments/core/freshness';

/** What befell one Stripe object, and how it was told: the truth that Salesforce has to agree with in the end. */
export type Change = {
  readonly atMs: number;
  readonly second: number;
  readonly rank: Exclude<Rank, 'stub'>;
  readonly content: string;
  readonly eventId: string;
};
export type Delivery = { readonly change: Change; readonly atMs: number; readonly lane: 'realtime' | 'bulk' };
export type History = { readonly changes: readonly Change[]; readonly deliveries: readonly Delivery[] };

/** Every history begins here; Stripe's clock and ours agree. */
const BEGIN_MS = 1_000;

/**
 * Two to eight changes, of which the share `inSharedSecond` falls into the second of the one before; some go back to a
 * content that was there already, some are the last. Each is told one to three times, by either lane, within its own second
 * or up to a minute later, in whatever order that gives.
 */
export function historyFrom(random: () => number, inSharedSecond: number): History {
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const changes: Change[] = [];
  const count = between(2, 8);
  let atMs = BEGIN_MS + between(0, 999);
  for (let index = 0; index < count; index += 1) {
    if (index > 0) {
      const second = Math.floor(atMs / 1_000);
      const shared = random() < inSharedSecond;
      atMs = shared ? between(atMs, second * 1_000 + 999) : (second + between(1, 20)) * 1_000 + between(0, 999);
    }
    const before = changes.at(-1);
    const ended = before?.rank === 'terminal' || (index > 0 && random() < 0.1);
    changes.push({
      atMs,
      second: Math.floor(atMs / 1_000),
      rank: ended ? 'terminal' : index === 0 ? 'created' : 'updated',
      content: random() < 0.3 ? `again-${between(1, 2)}` : `state-${index}`,
      eventId: `evt_${between(100_000, 999_999)}_${index}`,
    });
  }
  const deliveries = changes.flatMap((change) =>
    Array.from({ length: random() < 0.25 ? between(2, 3) : 1 }, (): Delivery => {
      const kind = random();
      const late = kind < 0.3 ? between(40, 900) : kind < 0.8 ? between(300, 5_000) : between(5_000, 60_000);
      return { change, atMs: change.atMs + late, lane: random() < 0.5 ? 'realtime' : 'bulk' };
    }),
  );
  return { changes, deliveries };
}

export function stateAt({ changes }: History, atMs: number): Change | undefined {
  return changes.findLast((change) => change.atMs <= atMs);
}
