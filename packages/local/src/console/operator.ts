/** What the page may order of an operator's commands, done as `payments-ops` does it: over the road's own AWS port. */
import type { Replay, ReplayRequest } from '@payments/console/contract';
import { archiveOf, type Replay as FoundReplay } from '@payments/ops/adapters/archive';
import { busOf } from '@payments/ops/adapters/bus';
import { executionsOf } from '@payments/ops/adapters/executions';
import { logsOf } from '@payments/ops/adapters/logs';
import { operatorOf } from '@payments/ops/adapters/operator';
import { queuesOf } from '@payments/ops/adapters/queues';
import { type Deployment, deploymentOf } from '@payments/ops/deployment/deployment';
import type { DeadLetterQueue } from '@payments/ops/deployment/places';
import { budgetPace } from '@payments/ops/dlq/pace';
import { redriveWith, workThrough } from '@payments/ops/dlq/work-through';
import { NotReached, WrongUsage } from '@payments/ops/frame/problem';
import { isActive, type ReplayWorld, removeLeftRules, startReplay } from '@payments/ops/replay/run-replay';
import { Refused } from './http-server.ts';

export type Operator = {
  /** Tries letters of a queue again: those with these ids, or all. Says what came of it. Throws Refused. */
  redrive(queue: DeadLetterQueue, ids: readonly string[] | null): Promise<string>;
  /** Newest first. */
  replays(): Promise<readonly Replay[]>;
  replay(request: ReplayRequest): Promise<string>;
  cancelReplay(name: string): Promise<string>;
};

export type OperatorParts = {
  readonly awsUrl: string;
  readonly region: string;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Of the console: what is under way then ends. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
};

/** A click takes no more than that many letters, and not much longer than people wait. */
const MOST_LETTERS = 1_000;
const REDRIVE_MS = 45_000;
const FOLLOW_MS = 2_000;

export function operatorOn({ awsUrl, region, nowMs, sleep, signal, onError }: OperatorParts): Operator {
  let known: Promise<Deployment> | null = null;
  const deployment = (): Promise<Deployment> => {
    known ??= deploymentOf({ local: awsUrl, region, env: {}, conceal: () => {} });
    return known;
  };
  const world = async (): Promise<ReplayWorld> => {
    const found = await deployment();
    return { deployment: found, archive: archiveOf(found), logs: logsOf(found) };
  };
  /** The rules of a narrow replay go when it has ended. */
  const follow = async (name: string): Promise<void> => {
    const followed = await world();
    for (let state = await followed.archive.replay(name); isActive(state); ) {
      await sleep(FOLLOW_MS);
      if (signal.aborted) return;
      state = await followed.archive.replay(name);
    }
    await removeLeftRules(followed);
  };

  return {
    redrive: (queue, ids) =>
      refusing(async () => {
        const found = await deployment();
        const operator = operatorOf(found);
        if ((await operator.standing()).circuit === 'open') {
          throw new Refused(
            409,
            'SalesforceAway',
            'Salesforce is away (the circuit is open): redrive when it is back.',
          );
        }
        const io = { sleep, nowMs, signal: AbortSignal.any([signal, AbortSignal.timeout(REDRIVE_MS)]) };
        const parts = { deployment: found, queues: queuesOf(found), operator, io, executions: executionsOf(found) };
        const redriven = redriveWith({ ...parts, publish: busOf(found), pace: budgetPace(operator, io) });
        const wanted = ids === null ? null : new Set(ids);
        const { done, left } = await workThrough(
          queue,
          { limit: MOST_LETTERS },
          async (letter, message) =>
            wanted === null || wanted.has(letter.messageId) ? redriven(letter, message) : { left: NOT_CHOSEN },
          parts,
          () => {},
        );
        return redriveText(done, left);
      }),
    replays: () =>
      refusing(async () => {
        const { archive, deployment: found } = await world();
        return (await archive.replays(found.prefix)).map(replayOf);
      }),
    replay: ({ from, to, types }) =>
      refusing(async () => {
        const until = Math.min(to, nowMs());
        if (from >= until)
          throw new Refused(400, 'NotUnderstood', 'The start has to be before the end, and in the past.');
        const texts = { fromText: new Date(from).toISOString(), toText: new Date(until).toISOString() };
        const wanted = { lane: null, types: [...new Set(types)], objects: [] };
        const started = await startReplay({ ...wanted, ...texts, from, to: until }, await world(), nowMs());
        follow(started.name).catch(onError);
        return `The replay ${started.name} has started. What is done already ends as duplicate; nothing older is written.`;
      }),
    cancelReplay: (name) =>
      refusing(async () => {
        await (await world()).archive.cancel(name);
        return `The replay ${name} is being cancelled: what was sent stays sent.`;
      }),
  };
}

const NOT_CHOSEN = 'not chosen';

function redriveText(done: number, left: ReadonlyMap<string, number>): string {
  const why = [...left]
    .filter(([reason]) => reason !== NOT_CHOSEN)
    .map(([reason, count]) => `${count} left: ${reason}`);
  const head = done === 0 && why.length === 0 ? 'There was nothing to redrive' : `${done} redriven`;
  return `${[head, ...why].join('; ')}.`;
}

function replayOf({ name, state, from, to, startedAt, endedAt, reached }: FoundReplay): Replay {
  return { name, state, from, to, startedAt, endedAt, lastReplayedAt: reached };
}

/** What the commands would tell a person on the terminal, the page tells. */
async function refusing<Value>(act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof WrongUsage) throw new Refused(400, 'NotUnderstood', error.message);
    if (error instanceof NotReached) throw new Refused(409, 'NotReached', error.message);
    if (error instanceof Error && 'name' in error && REFUSED.has(error.name)) {
      throw new Refused(error.name === 'ResourceNotFoundException' ? 404 : 409, 'NotNow', error.message);
    }
    throw error;
  }
}

/** EventBridge's own. */
const REFUSED: ReadonlySet<string> = new Set([
  'ResourceNotFoundException',
  'ResourceAlreadyExistsException',
  'IllegalStatusException',
  'LimitExceededException',
  'ValidationException',
]);
