import type { Count } from '@payments/core/metrics';
import type { SalesforceRecord } from '@payments/core/record';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { ObjectLeases } from '../adapters/object-leases.ts';
import { type ClaimedWorld, claimed } from './claimed.ts';
import type { Refusal } from './composite-answer.ts';
import { type FamilyWorld, notAnOrphan, writeFamily } from './families.ts';
import { judgePlan, type Said, saidBy } from './judge-plan.ts';
import { type Identifiers, identifiersOf, type StepInput, type SyncResult } from './machine-input.ts';
import { isEmpty, type Planned, planFrom, presentState, sourceOf } from './planned.ts';
import { untilItStands } from './until-it-stands.ts';
import { type WriteWorld, writeRecords } from './write.ts';

export type SyncLine = Identifiers & { readonly step: 'sync'; readonly notes: readonly string[] };

export type SyncWorld = WriteWorld &
  FamilyWorld &
  ClaimedWorld & {
    readonly freshness: FreshnessStore;
    readonly leases: ObjectLeases;
    readonly sleep: (ms: number) => Promise<unknown>;
    readonly log: (line: SyncLine) => void;
    readonly count: Count;
  };

const NOTHING: SyncResult = { outcome: 'nothing', rows: 0, calls: 0, refetched: false, salesforceId: null };

/**
 * The story of the state `Sync`: renew the claim, fill a thin event, read what the plan needs, plan; then, as the only
 * writer of these objects, ask whether something newer was written already, write all in one composite call, read what the guard refused,
 * remember what stands. Two states of one second are settled by what Stripe says in a later one.
 */
export async function sync(input: StepInput, world: SyncWorld): Promise<SyncResult> {
  const { event } = input.event.detail;
  const notes: string[] = [];
  const told = (result: SyncResult): SyncResult => {
    if (notes.length > 0) world.log({ ...identifiersOf(input), step: 'sync', notes });
    return result;
  };
  if ((await claimed(input, world)).outcome === 'duplicate') {
    notes.push('another execution handled it while this one waited');
    return told(NOTHING);
  }
  await notAnOrphan(input, world);
  const source = await sourceOf(event, world);
  if (source === null) {
    notes.push(`${event.id} is of a type that is not routed`);
    return told(NOTHING);
  }
  const first = await planFrom(source, world);
  notes.push(...first.plan.notes);
  if (isEmpty(first.plan)) return told(NOTHING);

  const objects = first.said.map(({ externalId }) => externalId);
  const effect = effectOf(input, first, notes, world);
  const { outcome, readings } = await world.leases.hold(objects, input.execution, () =>
    untilItStands(event.id, first, effect.steps),
  );
  const refetched = readings > 0;
  if (outcome === 'dropped' && effect.calls() === 0) {
    world.count('StaleWritesRefused', 1, { Lane: 'realtime', By: 'redis' });
    return told({ ...NOTHING, outcome, refetched });
  }
  return told({ ...effect.result(), refetched });
}

/** What an event does to the world, step by step, and what came of it. */
function effectOf(input: StepInput, first: Planned, notes: string[], world: SyncWorld) {
  const { correlationId, event } = input.event.detail;
  let fresh: readonly SalesforceRecord[] = [];
  let calls = 0;
  let last: Pick<SyncResult, 'outcome' | 'rows' | 'salesforceId'> = NOTHING;
  const steps: Parameters<typeof untilItStands<Planned>>[2] = {
    judge: async ({ plan, said }) => {
      const judged = judgePlan(plan.records, said, await world.freshness.known(said), event.id);
      fresh = judged.fresh;
      return judged.verdict;
    },
    read: async () => {
      await secondIsOver(event.created, world);
      const present = await presentState(first.source.event, world);
      if (present !== null) notes.push(...present.plan.notes);
      return present;
    },
    write: async ({ said }, readings) => {
      const writeId = writeIdOf(event.id, readings);
      // The platform event goes once, and with what was delivered: it is about the failure, not about the present state.
      const paymentFailed = calls === 0 ? first.plan.paymentFailed : null;
      const mark = { writeId, correlationId };
      const write = (records: readonly SalesforceRecord[]) => writeRecords({ records, paymentFailed, mark }, world);
      const written = await writeFamily(fresh, input, write, world);
      calls += written.calls;
      notes.push(...written.notes);
      notes.push(...written.refusals.map(({ record, owner, why }) => `${record.object} ${owner}: ${why} state kept`));
      await remember(said, written.refusals, event.id, world.freshness);
      const older = new Set(written.refusals.filter(({ why }) => why === 'older').map(({ record }) => record));
      if (older.size > 0) world.count('StaleWritesRefused', older.size, { Lane: 'realtime', By: 'guard' });
      const spoke = saidBy(fresh).length;
      const outcome = spoke > 0 && written.refusals.length === spoke ? 'dropped' : 'written';
      last = { outcome, rows: fresh.length, salesforceId: written.salesforceId };
      return { tie: written.refusals.some(({ why }) => why === 'tie') };
    },
  };
  return { steps, calls: () => calls, result: () => ({ ...last, calls }) };
}

/** Two writes of one event have different ids: what the guard says of the second must not be read as said of the first. */
function writeIdOf(eventId: string, readings: number): string {
  if (readings === 0) return eventId;
  return readings === 1 ? `${eventId}:fetched` : `${eventId}:fetched${readings}`;
}

/** An answer's second lies up to one below its `Date`, so a reading that is to be of a later second waits this long. */
const SECOND_IS_OVER_MS = 2_000;

/** Saves a reading that could not decide. Where our clock and Stripe's are apart, the first one may be in vain. */
async function secondIsOver(created: number, world: Pick<SyncWorld, 'nowMs' | 'sleep'>): Promise<void> {
  const age = world.nowMs() - created * 1_000;
  if (age >= 0 && age < SECOND_IS_OVER_MS) await world.sleep(SECOND_IS_OVER_MS - age);
}

/** What stands is ours; where the org had something newer, that much is known now. */
async function remember(
  said: readonly Said[],
  refusals: readonly Refusal[],
  eventId: string,
  freshness: FreshnessStore,
): Promise<void> {
  const keyOf = (owner: string, externalId: string | null) => `${owner}:${externalId}`;
  const refused = new Map(
    refusals.map((refusal) => [keyOf(refusal.owner, refusal.record.externalId ?? refusal.record.rowId), refusal]),
  );
  await freshness.remember(
    said.flatMap(({ owner, externalId, version, content }) => {
      const refusal = refused.get(keyOf(owner, externalId));
      if (refusal === undefined) return [{ owner, externalId, version, eventId, content }];
      return refusal.why === 'older' ? [{ owner, externalId, version: refusal.stored, eventId: '' }] : [];
    }),
  );
}
