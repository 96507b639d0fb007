import { BudgetWait, NeverRetry, RetryLater } from '@payments/core/failure';
import type { Count } from '@payments/core/metrics';
import { nextStep, type RecoverySettings, type RecoveryStep, type StatusRow } from '@payments/core/recovery';
import type { Budget } from '../adapters/budget.ts';
import type { Coverage } from '../adapters/coverage.ts';
import type { Generation, GenerationStore } from '../adapters/generation.ts';
import type { Replays } from '../adapters/replays.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import { failureOf } from '../realtime/salesforce-refusal.ts';
import { readStatus } from '../status-row.ts';

export type RecoverWorld = {
  readonly generation: GenerationStore;
  readonly coverage: Pick<Coverage, 'known'>;
  readonly replays: Replays;
  readonly salesforce: Salesforce;
  readonly budget: Pick<Budget, 'acquire'>;
  readonly settings: RecoverySettings;
  readonly nowMs: () => number;
  readonly count: Count;
  readonly log: (line: RecoverLine) => void;
};

export type RecoverLine = {
  readonly recovery: string;
  readonly since: string;
  readonly cause: Generation['cause'];
} & (
  | { readonly event: 'noticed' | 'finished' | 'overtaken' }
  | { readonly event: 'status read'; readonly oldestUnsettledAt: string | null }
  | { readonly event: 'status unread'; readonly why: string }
  | {
      readonly event: 'replay started';
      readonly replay: string;
      readonly attempt: number;
      readonly from: string;
      readonly to: string;
    }
  | { readonly event: 'waiting'; readonly for: string }
);

export type Recovered = { readonly state: Generation['state']; readonly step: RecoveryStep['kind'] | 'none' };

/**
 * The story of `Recover`, each minute: has Redis lost its data, and what has to be done about it now? Everything that
 * the recovery has to remember is in Redis, in EventBridge and in the status row, so that a run may fail anywhere, and
 * Redis may vanish again: then the next one begins at the status row, which has kept what it said.
 */
export async function recover(world: RecoverWorld): Promise<Recovered> {
  const generation = await world.generation.look();
  const { id, since, cause, state } = generation;
  if (state === 'whole') return { state, step: 'none' };
  const about = { recovery: id, since: iso(since), cause };
  if (generation.noticed) world.log({ ...about, event: 'noticed' });

  const archiveCreatedAt = await world.replays.archiveCreatedAt();
  const status = await statusOf(generation, archiveCreatedAt, world);
  if (status === 'overtaken') {
    world.log({ ...about, event: 'overtaken' });
    return { state, step: 'none' };
  }
  const [first, second] = [await world.replays.latest(id, 'first'), await world.replays.latest(id, 'second')];
  const now = world.nowMs();
  const step = nextStep({ since, status, archiveCreatedAt, first, second, now }, world.settings);
  if (step.kind === 'wait') world.log({ ...about, event: 'waiting', for: step.for });
  if (step.kind === 'start') {
    const { replay, attempt, from, to } = step;
    await world.replays.start({ recovery: id, replay, attempt, from, to });
    world.log({ ...about, event: 'replay started', replay, attempt, from: iso(from), to: iso(to) });
    if (attempt > 1) world.count('Recoveries', 1, { Outcome: 'failed' });
  }
  if (step.kind === 'finish' && (await world.generation.finish(id))) {
    world.count('Recoveries', 1, { Outcome: 'done' });
    world.log({ ...about, event: 'finished' });
  }
  return { state, step: step.kind };
}

/** What the row said before the loss: read once, then remembered, for from then on the flush writes it again. */
async function statusOf(
  generation: Generation,
  archiveCreatedAt: number,
  world: RecoverWorld,
): Promise<StatusRow | 'overtaken'> {
  const { id, since, cause, state } = generation;
  if (state === 'new') return { kind: 'read', oldestUnsettledAt: null };
  if (state !== 'lost') return { kind: 'read', oldestUnsettledAt: generation.unsettledAt };
  const about = { recovery: id, since: iso(since), cause };
  const said = await read(world);
  if (typeof said === 'string') {
    world.log({ ...about, event: 'status unread', why: said });
    return { kind: 'unread' };
  }
  const { oldestUnsettledAt } = said;
  const unsettledAt = oldestUnsettledAt ?? archiveCreatedAt;
  const learned = await world.generation.learn(id, oldestUnsettledAt === null ? 'new' : 'recovering', unsettledAt);
  if (!learned) return 'overtaken';
  // Until the flush reports again the buffer need not refuse what the row covers.
  await world.coverage.known(unsettledAt);
  // A stage begins with an empty Redis, too.
  if (oldestUnsettledAt !== null) world.count('RedisLost', 1);
  world.count('Recoveries', 1, { Outcome: 'started' });
  world.log({
    ...{ ...about, event: 'status read' },
    oldestUnsettledAt: oldestUnsettledAt === null ? null : iso(oldestUnsettledAt),
  });
  return said;
}

/**
 * A row that Salesforce will never show (a right or a column is missing) is one that says nothing: then everything in
 * the archive is replayed, which is dear and right. One that cannot be read now is waited for: the archive is patient.
 */
async function read(world: RecoverWorld): Promise<Extract<StatusRow, { kind: 'read' }> | string> {
  try {
    const { granted } = await world.budget.acquire({ lane: 'realtime', calls: 1 });
    return granted ? await readStatus(world.salesforce) : 'NO_BUDGET';
  } catch (error) {
    const failure = error instanceof SalesforceFailure ? failureOf(error) : error;
    if (failure instanceof NeverRetry) return { kind: 'read', oldestUnsettledAt: null };
    if (failure instanceof RetryLater || failure instanceof BudgetWait) return failure.code;
    throw failure;
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
