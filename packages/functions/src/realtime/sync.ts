import { isThin, type StripeEvent, type ThinEvent } from '@payments/core/event';
import { NeverRetry } from '@payments/core/failure';
import type { Count } from '@payments/core/metrics';
import type * as core from '@payments/core/plan';
import type { FetchedObject, Plan, Source } from '@payments/core/plan';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { StripeReader } from '../adapters/stripe.ts';
import type { Refusal } from './composite-answer.ts';
import { judgePlan, type Said, saidBy } from './judge-plan.ts';
import { type Identifiers, identifiersOf, type StepInput, type SyncResult } from './machine-input.ts';
import { type WriteWorld, writeRecords } from './write.ts';

/** core/plan.ts, as values: the story is the same whatever an event becomes. */
export type Planner = Pick<typeof core, 'needs' | 'plan' | 'eventNeed' | 'refetchNeed' | 'withFetchedObject'>;

export type SyncLine = Identifiers & { readonly step: 'sync'; readonly notes: readonly string[] };

export type SyncWorld = WriteWorld & {
  readonly planner: Planner;
  readonly stripe: StripeReader;
  readonly freshness: FreshnessStore;
  readonly log: (line: SyncLine) => void;
  readonly count: Count;
};

type Planned = { readonly source: Source; readonly plan: Plan; readonly said: readonly Said[] };

const NOTHING: SyncResult = { outcome: 'nothing', rows: 0, calls: 0, refetched: false, salesforceId: null };

/**
 * The story of the state `Sync`: fill a thin event, read what the plan needs, plan, ask whether something newer was
 * written already, write all in one composite call, read what the guard refused, remember what stands. Two events of
 * one second are settled by Stripe's present state, asked for once and written as fetched.
 */
export async function sync(input: StepInput, world: SyncWorld): Promise<SyncResult> {
  const { correlationId, event } = input.event.detail;
  const ids = identifiersOf(input);
  const notes: string[] = [];
  const source = await sourceOf(event, world);
  if (source === null) return told(NOTHING, [`${event.id} is of a type that is not routed`], ids, world);

  let planned = await planFrom(source, world);
  if (isEmpty(planned.plan)) return told(NOTHING, planned.plan.notes, ids, world);
  let verdict = await judged(planned, event.id, world.freshness);
  let refetched = false;
  if (verdict === 'tie') {
    const present = await presentState(source.event, world);
    if (present !== null) {
      planned = present;
      refetched = true;
      verdict = await judged(planned, event.id, world.freshness);
    }
  }
  notes.push(...planned.plan.notes);
  if (isEmpty(planned.plan)) return told({ ...NOTHING, refetched }, notes, ids, world);
  if (verdict === 'stale') {
    world.count('StaleWritesRefused', 1, { Lane: 'realtime', By: 'redis' });
    return told({ ...NOTHING, outcome: 'dropped', refetched }, notes, ids, world);
  }

  let written = await write(planned, { writeId: writeIdOf(event.id, refetched), correlationId }, world);
  let calls = written.calls;
  notes.push(...written.notes);
  if (!refetched && written.refusals.some(({ why }) => why === 'tie')) {
    // What the first write did stand for is remembered now: a failure from here on must not forget it.
    await remember(planned, written.refusals, event.id, world.freshness);
    const present = await presentState(source.event, world);
    if (present !== null && !isEmpty(present.plan)) {
      planned = present;
      refetched = true;
      // The platform event went with the first write; it is about the failure, not about the present state.
      const again = { ...present, plan: { ...present.plan, paymentFailed: null } };
      written = await write(again, { writeId: writeIdOf(event.id, true), correlationId }, world);
      calls += written.calls;
      notes.push(...written.notes, ...present.plan.notes);
    }
  }
  await remember(planned, written.refusals, event.id, world.freshness);
  notes.push(...written.refusals.map(({ record, owner, why }) => `${record.object} ${owner}: ${why} state kept`));
  const older = new Set(written.refusals.filter(({ why }) => why === 'older').map(({ record }) => record));
  if (older.size > 0) world.count('StaleWritesRefused', older.size, { Lane: 'realtime', By: 'guard' });
  const allRefused = planned.said.length > 0 && written.refusals.length === planned.said.length;
  const outcome = allRefused ? 'dropped' : 'written';
  const { salesforceId } = written;
  return told({ outcome, rows: planned.plan.records.length, calls, refetched, salesforceId }, notes, ids, world);
}

function told(result: SyncResult, notes: readonly string[], ids: Identifiers, world: SyncWorld): SyncResult {
  if (notes.length > 0) world.log({ ...ids, step: 'sync', notes });
  return result;
}

/** Two writes of one event have different ids: what the guard says of the second must not be read as said of the first. */
function writeIdOf(eventId: string, refetched: boolean): string {
  return refetched ? `${eventId}:fetched` : eventId;
}

/** A thin event is read from Stripe again; where it is gone (30 days), its object is; `null`: its type is not routed. */
async function sourceOf(event: StripeEvent | ThinEvent, world: SyncWorld): Promise<Source | null> {
  if (!isThin(event)) return { event, fetchedAt: null };
  const whole = await world.stripe(world.planner.eventNeed(event));
  if (whole.body !== null) return world.planner.withFetchedObject(event, whole);
  const need = world.planner.refetchNeed(event);
  return need === null ? null : world.planner.withFetchedObject(event, await world.stripe(need));
}

/** What Stripe's API says of the event's object now, as a plan; `null` when it does not give it (any more). */
async function presentState(event: StripeEvent, world: SyncWorld): Promise<Planned | null> {
  const need = world.planner.refetchNeed(event);
  if (need === null) return null;
  const answer = await world.stripe(need);
  return answer.body === null ? null : planFrom(world.planner.withFetchedObject(event, answer), world);
}

/** A page may ask for the next one; a list longer than this is no list that one event is about. */
const MAX_ROUNDS = 100;

async function planFrom(source: Source, world: SyncWorld): Promise<Planned> {
  const fetched = new Map<string, FetchedObject>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const needs = world.planner.needs(source, fetched);
    if (needs.length === 0) {
      const plan = world.planner.plan(source, fetched);
      return { source, plan, said: saidBy(plan) };
    }
    const answers = await Promise.all(needs.map(async (need) => [need.key, await world.stripe(need)] as const));
    for (const [key, answer] of answers) fetched.set(key, answer);
  }
  throw new NeverRetry(`${source.event.id} asks Stripe for more than ${MAX_ROUNDS} pages`, {
    code: 'TOO_MANY_PAGES',
    category: 'Data',
  });
}

function isEmpty(plan: Plan): boolean {
  return plan.records.length === 0 && plan.paymentFailed === null;
}

async function judged(
  planned: Planned,
  eventId: string,
  freshness: FreshnessStore,
): Promise<'apply' | 'stale' | 'tie'> {
  return judgePlan(planned.said, await freshness.known(planned.said), eventId);
}

async function write(
  planned: Planned,
  mark: { readonly writeId: string; readonly correlationId: string },
  world: SyncWorld,
) {
  const { records, paymentFailed } = planned.plan;
  return writeRecords({ records, paymentFailed, mark }, world);
}

async function remember(
  planned: Planned,
  refusals: readonly Refusal[],
  eventId: string,
  freshness: FreshnessStore,
): Promise<void> {
  const refused = new Set(refusals.map(({ record, owner }) => `${owner}:${record.externalId ?? record.rowId}`));
  const stands = planned.said.filter(({ owner, externalId }) => !refused.has(`${owner}:${externalId}`));
  await freshness.remember(
    stands.map(({ owner, externalId, version, content }) => ({ owner, externalId, version, eventId, content })),
  );
}
