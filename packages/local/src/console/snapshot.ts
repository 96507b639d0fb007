/** What the page shows at first and each second, put together from what was seen. Pure. */
import type { Place, PlaceName, Snapshot } from '@payments/console/contract';
import { healthOf } from '@payments/core/health';
import type { EventLedger } from './event-ledger.ts';
import type { History } from './history.ts';
import type { Held, RoadLook } from './road-look.ts';

export type Seen = {
  readonly look: RoadLook;
  readonly startedAt: number;
  readonly ledger: Pick<EventLedger, 'passed'>;
  readonly history: History;
  readonly troubles: Snapshot['troubles'];
  readonly lives: Snapshot['lives'];
};

export function snapshotOf({ look, startedAt, ledger, history, troubles, lives }: Seen): Snapshot {
  const { health, reason } = healthIn(look);
  return {
    at: look.at,
    startedAt,
    health,
    healthReason: reason,
    circuit: look.redis?.circuit.state ?? 'unknown',
    places: placesIn(look, ledger),
    totals: look.totals,
    syncLag: look.lag,
    budget: {
      windows: (look.redis?.usage.windows ?? []).map(({ window, windowMs, used, limit }) => ({
        ...{ name: window, seconds: windowMs / 1_000, used, limit },
      })),
      history: history.calls().map(([at, calls]) => [at, calls]),
    },
    rates: history.rates().map(([at, received, written]) => [at, received, written]),
    troubles,
    lives,
  };
}

type Health = { readonly health: Snapshot['health']; readonly reason: string | null };

/** By the rule that `Integration_Status__c` follows, told at once: an open circuit keeps the status row from saying it. */
function healthIn({ redis, told, at }: RoadLook): Health {
  if (redis === null) return { health: 'Down', reason: 'Redis does not answer' };
  const { circuit, usage, buffer } = redis;
  if (circuit.state === 'open') {
    return { health: 'Down', reason: `the circuit to Salesforce is open (${circuit.why}): nothing is written` };
  }
  const shares = usage.windows.map(({ used, limit }) => (limit === 0 ? 1 : used / limit));
  const found = healthOf({
    ...{ redis: 'whole', lostAt: 0, waitingMs: buffer.since === null ? 0 : Math.max(0, at - buffer.since) },
    ...{ callsUsed: Math.max(0, ...shares), badAnswers: circuit.bad, badCode: circuit.why },
  });
  // Only the status row knows of a recovery after a loss of Redis.
  const recovers = told?.reason.startsWith('Redis lost') === true;
  if (found.health !== 'Healthy' || !recovers) return found;
  return { health: 'Degraded', reason: told?.reason ?? null };
}

const NOBODY: Held = { count: 0, since: null };
/** An urgent event is written within seconds. */
const LATE_MS = 30_000;

function placesIn(look: RoadLook, ledger: Pick<EventLedger, 'passed'>): Place[] {
  const count = (here: number): Held => ({ count: here, since: null });
  const circuit = look.redis?.circuit.state ?? null;
  const place = (name: PlaceName, { count: here, since }: Held, trouble: string | null): Place => {
    const busy = trouble === null && here > 0;
    return {
      ...{ name, passed: ledger.passed(name), here },
      ageMs: since === null ? null : Math.max(0, look.at - since),
      state: trouble !== null ? 'trouble' : busy ? 'busy' : 'fine',
      reason: trouble ?? (busy ? `${here} under way` : null),
    };
  };
  const late = (held: Held, ms: number, what: string): string | null =>
    held.since !== null && look.at - held.since > ms ? what : null;
  const buffer = look.redis?.buffer ?? NOBODY;
  return [
    place('stripe', count(look.undelivered), null),
    place('ingress', count(look.ingress), null),
    place('bus', count(look.bus), null),
    place('realtime', look.realtime, late(look.realtime, LATE_MS, 'the oldest execution runs for more than 30 s')),
    place('queue', look.queue, late(look.queue, 10 * 60_000, 'the oldest message waits for more than ten minutes')),
    place(
      'buffer',
      buffer,
      look.redis === null
        ? 'Redis does not answer'
        : late(buffer, 5 * 60_000, 'rows are late by more than five minutes'),
    ),
    place('flush', look.flush, late(look.flush, 5 * 60_000, 'a flush runs for more than five minutes')),
    place('salesforce', NOBODY, circuit === 'open' || circuit === 'half-open' ? `the circuit is ${circuit}` : null),
    { ...place('unrouted', look.unrouted, null), state: 'fine', reason: null },
    place('dead letters', look.deadLetters, look.deadLetters.count > 0 ? 'something was given up' : null),
  ];
}
