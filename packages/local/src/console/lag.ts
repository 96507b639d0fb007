/** Which lag the page can stand behind. Pure. */
import type { Percentiles, Snapshot } from '@payments/console/contract';
import type { Standing } from '@payments/ops/status/standing';
import type { EventLedger } from './event-ledger.ts';

/** An account that is further from this machine's time than this lives by a calendar of its own. */
const SAME_TIME_MS = 60_000;
const HOUR_MS = 3_600_000;

export type LagParts = {
  /** From Stripe's event time to the row written, as `payments-ops status` tells it. */
  readonly metric: Standing['lag'];
  readonly ledger: Pick<EventLedger, 'took'>;
  /** Both in ms since 1970: by the machine's clock, and by the account's. */
  readonly at: number;
  readonly accountAt: number;
};

/**
 * The metric's figures while the account and the machine agree on the time. Else an event time says nothing about how late
 * a row was: then it is from received to written, by the machine's clock alone.
 */
export function lagShown({ metric, ledger, at, accountAt }: LagParts): Snapshot['syncLag'] {
  if (Math.abs(at - accountAt) > SAME_TIME_MS) {
    const of = (lane: 'realtime' | 'bulk') => percentilesOf(ledger.took(lane, at - HOUR_MS));
    return { since: 'received', realtime: of('realtime'), bulk: of('bulk') };
  }
  return { since: 'stripe', realtime: notBelowNothing(metric.realtime), bulk: notBelowNothing(metric.bulk) };
}

/** An event time is a whole second, which may be one that the machine has not begun. */
function notBelowNothing(lag: Percentiles | null): Percentiles | null {
  if (lag === null) return null;
  const { p50, p95, p99, count } = lag;
  return { p50: Math.max(0, p50), p95: Math.max(0, p95), p99: Math.max(0, p99), count };
}

/** Nearest rank. */
function percentilesOf(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), count: sorted.length };
}
