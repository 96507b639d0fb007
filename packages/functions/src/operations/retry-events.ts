import type { Count } from '@payments/core/metrics';
import { redriveName } from '@payments/core/redrive';
import * as v from 'valibot';
import type { DoneMarks } from '../adapters/claims.ts';
import type { Executions } from '../adapters/machines.ts';
import type { LetterBox } from '../adapters/queues.ts';
import { ExecutionNotice } from './execution-notice.ts';
import { withLetters } from './letters.ts';
import { type Change, openAgain, RESOLVED, type SyncFailure } from './sync-failure.ts';

export type EventsWorld = {
  readonly executions: Executions;
  /** Only these machines are started, whatever a link says. */
  readonly machineArns: readonly string[];
  readonly claims: DoneMarks;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly nowMs: () => number;
  /** How long to wait for executions that were started. */
  readonly patienceMs: number;
  readonly count: Count;
};

const POLL_MS = 2_000;
const LINKED = /arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:execution:[^/?#]+$/;

/**
 * Urgent events: one that is done is resolved, whoever did it; one that is to be tried again gets a new execution with the
 * same input. Gives what is to be written to the rows; of an execution that still runs, nothing yet.
 */
export async function retryEvents(
  failures: readonly SyncFailure[],
  world: EventsWorld,
): Promise<ReadonlyMap<SyncFailure, Change>> {
  const changes = new Map<SyncFailure, Change>();
  const running = new Map<SyncFailure, string>();
  for (const failure of failures) {
    if (await world.claims.isDone(failure.Stripe_Event_ID__c)) changes.set(failure, RESOLVED);
    else if (failure.Status__c === 'Retrying') {
      const next = await started(failure, world);
      if (typeof next === 'string') running.set(failure, next);
      else changes.set(failure, next);
    }
  }
  for (const [failure, change] of await endingsOf(running, world)) changes.set(failure, change);
  return changes;
}

/** The execution that takes the place of the failed one, started now or by an earlier run; else how that one ended. */
async function started(failure: SyncFailure, world: EventsWorld): Promise<Change | string> {
  const failed = LINKED.exec(failure.Execution_Link__c)?.[0] ?? '';
  const machineArn = failed.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, '');
  if (!world.machineArns.includes(machineArn)) {
    return openAgain({ Message__c: 'No execution is known that could be started again: replay the event.' });
  }
  const name = redriveName(failed.split(':').at(-1) ?? '');
  const next = failed.replace(/[^:]*$/, name);
  const status = await world.executions.statusOf(next);
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return next;
  if (status === 'SUCCEEDED') return RESOLVED;
  if (status !== null) return failedAgain(failure, next);
  const input = await inputOf(failed, world);
  if (input === null) return openAgain({ Message__c: 'The failed execution is no longer kept: replay the event.' });
  await world.executions.start(machineArn, name, input);
  world.count('Redriven', 1);
  return next;
}

/** `null`: Step Functions has forgotten the execution (after ninety days). It must not hold up the other failures. */
async function inputOf(executionArn: string, { executions }: EventsWorld): Promise<string | null> {
  try {
    return await executions.inputOf(executionArn);
  } catch (error) {
    if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return null;
    throw error;
  }
}

/** Most end within a second or two, so that a person who waits for it sees the outcome with this run. */
async function endingsOf(
  running: ReadonlyMap<SyncFailure, string>,
  world: EventsWorld,
): Promise<ReadonlyMap<SyncFailure, Change>> {
  const ended = new Map<SyncFailure, Change>();
  const until = world.nowMs() + world.patienceMs;
  while (ended.size < running.size && world.nowMs() < until) {
    await world.sleep(POLL_MS);
    for (const [failure, arn] of running) {
      const status = ended.has(failure) ? null : await world.executions.statusOf(arn);
      if (status === 'SUCCEEDED') ended.set(failure, RESOLVED);
      else if (status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED') {
        ended.set(failure, failedAgain(failure, arn));
      }
    }
  }
  return ended;
}

/** Park has told code and attempts, unless it could not; the next retry has to begin from the newest execution. */
function failedAgain({ Execution_Link__c: link }: SyncFailure, executionArn: string): Change {
  return openAgain({ Execution_Link__c: link.replace(LINKED, executionArn) });
}

const EventId = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ detail: v.object({ event: v.object({ id: v.string() }) }) }),
);

/** Removes the notices of failed executions whose event has been done since, by whatever road: they ring for nothing. */
export async function removeDoneNotices(failed: LetterBox, claims: DoneMarks): Promise<void> {
  await withLetters(failed, async (letters, done) => {
    for (const letter of letters) {
      const notice = v.safeParse(ExecutionNotice, letter.body);
      const event = v.safeParse(EventId, notice.success ? notice.output.detail.input : null);
      if (event.success && (await claims.isDone(event.output.detail.event.id))) await done(letter);
    }
  });
}
