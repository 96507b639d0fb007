import { type SObjectName, WRITE_ORDER } from '@payments/core/record';
import * as v from 'valibot';
import { bufferKeys, REPLAY_MARGIN_MS } from './buffer.ts';
import { LOWER, MEASURE } from './coverage.lua.ts';
import { type Redis, runScript } from './redis.ts';

/** What of the buffer is not settled yet; times in ms since 1970, `null` for none. */
export type Unsettled = {
  /** When the oldest event was received of a row that waits for the flush, or is in an unfinished batch. */
  readonly waitingSince: number | null;
  /** As above, of whatever must come again if Redis loses it now: versions that lag, ties and late events as well. */
  readonly unsettledSince: number | null;
};

export type Coverage = {
  /** To be asked before the status row is written; `reporter` names the write. */
  readonly measure: (reporter: string) => Promise<Unsettled>;
  /** To be told after Salesforce has confirmed a row that says `unsettledAt`. */
  readonly confirmed: (reporter: string, unsettledAt: number) => Promise<void>;
  /** As `confirmed`, by somebody who has read in the row that nothing was settled after `unsettledAt`. */
  readonly known: (unsettledAt: number) => Promise<void>;
};

/** Longer than the bulk queue hides a message that was refused as late (stacks/bulk.ts: seven minutes). */
export const LATE_KEPT_MS = 10 * 60_000;

const Instant = v.union([
  v.pipe(
    v.literal(''),
    v.transform(() => null),
  ),
  v.pipe(v.string(), v.transform(Number), v.number()),
]);
const Measured = v.tuple([Instant, Instant]);

export function coverage(redis: Redis, now: () => number, replayMarginMs = REPLAY_MARGIN_MS): Coverage {
  const lower = async (reporter: string, unsettledAt: number) => {
    const args = [unsettledAt - replayMarginMs, reporter];
    await Promise.all(WRITE_ORDER.map((object) => runScript(redis, LOWER, [bufferKeys(object).covered], args)));
  };
  return {
    measure: async (reporter) => {
      const measured = await Promise.all(WRITE_ORDER.map((object) => measureOne(object, reporter)));
      return {
        waitingSince: least(measured.map(([waiting]) => waiting)),
        unsettledSince: least(measured.map(([, unsettled]) => unsettled)),
      };
    },
    confirmed: lower,
    known: (unsettledAt) => lower('', unsettledAt),
  };

  async function measureOne(object: SObjectName, reporter: string) {
    const { received, lagging, ties, meta, late, covered } = bufferKeys(object);
    const answer = await runScript(
      redis,
      MEASURE,
      [received, lagging, ties, meta, late, covered],
      [now(), replayMarginMs, LATE_KEPT_MS, reporter],
    );
    return v.parse(Measured, answer);
  }
}

function least(times: readonly (number | null)[]): number | null {
  const some = times.filter((time) => time !== null);
  return some.length === 0 ? null : Math.min(...some);
}
