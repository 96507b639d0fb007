import { type Health, healthOf } from '@payments/core/health';
import * as v from 'valibot';
import type { Budget, Usage } from '../adapters/budget.ts';
import type { Circuit } from '../adapters/circuit.ts';
import type { Coverage } from '../adapters/coverage.ts';
import type { Generation, GenerationStore } from '../adapters/generation.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import type { StatusNotes } from '../adapters/status-notes.ts';
import { failureOf } from '../realtime/salesforce-refusal.ts';
import { lacksBatch, type Status, writeStatus } from '../status-row.ts';

export const ReportInput = v.object({ execution: v.pipe(v.string(), v.minLength(1)) });

export type ReportWorld = {
  readonly coverage: Coverage;
  readonly generation: Pick<GenerationStore, 'look'>;
  readonly notes: Pick<StatusNotes, 'turn' | 'reported'>;
  readonly budget: Pick<Budget, 'acquire' | 'usage'>;
  readonly circuit: Pick<Circuit, 'look'>;
  readonly salesforce: Salesforce;
  readonly nowMs: () => number;
  /** Called by whoever notices it first. */
  readonly lost: (generation: Generation) => void;
};

export type ReportResult =
  | { readonly outcome: 'reported'; readonly health: Health; readonly reason: string | null }
  | { readonly outcome: 'left out'; readonly why: 'turn' | 'circuit' | 'same' | 'budget' };

/** With nothing to tell, the row is written this often all the same, so that a silent integration can be told from a dead one. */
const HEARTBEAT_MS = 5 * 60_000;

/**
 * The state `Report`, at the end of each flush, once a minute: how the integration is goes into `Integration_Status__c`, with
 * the oldest event that is not settled. The order matters (adapters/coverage.lua.ts): measure, then look whether Redis is
 * whole, then write, then say that it is written. After a loss the row keeps what it said before until the recovery is over.
 */
export async function report(
  { execution }: v.InferOutput<typeof ReportInput>,
  world: ReportWorld,
): Promise<ReportResult> {
  const noted = await world.notes.turn();
  if (noted === null) return { outcome: 'left out', why: 'turn' };
  const circuit = await world.circuit.look();
  if (circuit.retryAfterMs > 0) return { outcome: 'left out', why: 'circuit' };

  const measured = await world.coverage.measure(execution);
  const generation = await world.generation.look();
  if (generation.noticed) world.lost(generation);
  const now = world.nowMs();
  const usage = await world.budget.usage();
  const waitingMs = measured.waitingSince === null ? 0 : Math.max(0, now - measured.waitingSince);
  const finding = healthOf({
    ...{ redis: generation.state, lostAt: generation.since, waitingMs, callsUsed: shareUsed(usage) },
    ...{ badAnswers: circuit.bad, badCode: circuit.why },
  });
  const said = JSON.stringify([finding, noted.lastBatch, noted.receivedAt, generation.id]);
  const silentMs = now - (noted.reportedAt ?? 0);
  if (said === noted.said && measured.unsettledSince === null && silentMs < HEARTBEAT_MS) {
    return { outcome: 'left out', why: 'same' };
  }

  const unsettledAt = unsettledAtOf(generation, measured.unsettledSince, now);
  const status: Status = {
    Health__c: finding.health,
    Health_Reason__c: finding.reason,
    ...(noted.receivedAt === null ? {} : { Last_Event_Received_At__c: iso(noted.receivedAt) }),
    ...(unsettledAt === null ? {} : { Oldest_Unsettled_Event_At__c: iso(unsettledAt) }),
    ...apiCalls(usage),
    Sync_Lag_Seconds__c: Math.floor(waitingMs / 1_000),
  };
  if (!(await write(status, noted.lastBatch, world))) return { outcome: 'left out', why: 'budget' };
  if (unsettledAt !== null) await world.coverage.confirmed(execution, unsettledAt);
  await world.notes.reported(said);
  return { outcome: 'reported', ...finding };
}

/**
 * `null`: the row must keep what it says, for it is all that is known of what was lost. Whole seconds, as the org keeps
 * them, and rounded down: a replay that begins a little earlier misses nothing.
 */
function unsettledAtOf({ state, unsettledAt }: Generation, unsettledSince: number | null, now: number): number | null {
  if (state === 'lost') return null;
  const held = state === 'whole' ? now : (unsettledAt ?? now);
  return Math.floor(Math.min(unsettledSince ?? now, held, now) / 1_000) * 1_000;
}

function shareUsed({ windows, orgUsed, orgMax }: Usage): number {
  const shares = windows.map(({ used, limit }) => (limit === 0 ? 1 : used / limit));
  return Math.max(...shares, orgUsed === null || orgMax === null ? 0 : orgUsed / Math.max(1, orgMax));
}

/** Everyone's calls in 24 hours by the org's own count, empty until it has told one; and ours, as they are booked. */
function apiCalls({ windows, orgUsed, orgMax }: Usage): Status {
  const [hour, day] = (['hour', 'day'] as const).map((name) => windows.find(({ window }) => window === name));
  return {
    ...{ API_Calls_Used__c: orgUsed, API_Calls_Limit__c: orgMax },
    ...{ Calls_Hour__c: hour?.used ?? null, Calls_Hour_Limit__c: hour?.limit ?? null },
    ...{ Calls_Day__c: day?.used ?? null, Calls_Day_Limit__c: day?.limit ?? null },
  };
}

/** One call of the budget, of the urgent lane's: what a recovery would begin with is not to be shed. `false`: none is left. */
async function write(status: Status, lastBatch: string | null, world: ReportWorld): Promise<boolean> {
  const { granted } = await world.budget.acquire({ lane: 'realtime', calls: 1 });
  if (!granted) return false;
  try {
    await writeStatus(status, lastBatch, world.salesforce);
    return true;
  } catch (error) {
    if (lastBatch !== null && lacksBatch(error)) return write(status, null, world);
    throw error instanceof SalesforceFailure ? failureOf(error) : error;
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
