import { BudgetWait, RetryLater } from '@payments/core/failure';
import type { Count } from '@payments/core/metrics';
import { redriveRoom, redriveVerdict } from '@payments/core/redrive';
import { type Budget, freeCalls, type Limits } from '../adapters/budget.ts';
import type { Circuit } from '../adapters/circuit.ts';
import type { Executions } from '../adapters/machines.ts';
import type { Letter, LetterBox, LetterSink } from '../adapters/queues.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import { type ParkedLetter, readLetter } from '../bulk/parked-letter.ts';
import { withLetters } from './letters.ts';
import { listPoisoned, type PoisonedWorld } from './list-poisoned.ts';
import { type PutBackWorld, putBack } from './put-back.ts';
import { type Start, startFromEvent, startFromNotice, startOf } from './redrive-executions.ts';
import { moveOf, REDRIVES } from './redrive-messages.ts';

export type RedriveWorld = PutBackWorld &
  Pick<PoisonedWorld, 'told'> & {
    readonly circuit: Pick<Circuit, 'look'>;
    readonly budget: Pick<Budget, 'acquire' | 'peek' | 'usage'>;
    readonly limits: Limits;
    readonly salesforce: Salesforce;
    readonly executions: Executions;
    /** Only these machines are started, whatever a message says. */
    readonly machineArns: readonly string[];
    /** Dead letters, by the queue's name. */
    readonly letters: {
      readonly failedExecutions: LetterBox;
      readonly realtimeUndelivered: LetterBox;
      readonly bulkUndelivered: LetterBox;
      readonly bulkPoisoned: LetterBox;
      readonly bulkParked: LetterBox;
    };
    /** The bulk queue. */
    readonly bulk: LetterSink;
    /** True for one run in so many minutes. */
    readonly onceIn: (minutes: number) => Promise<boolean>;
    readonly nowMs: () => number;
    /** When to begin nothing further, be it an execution, a row or a message, so that what was received is given back in time. */
    readonly stopAtMs: number;
    readonly log: (level: 'info' | 'warn', line: RedriveLine) => void;
    readonly count: Count;
  };

export type RedriveLine =
  | { readonly outcome: 'salesforce-away'; readonly code: string }
  | {
      readonly outcome: 'redriven' | 'not-started';
      readonly from: string;
      readonly code: string;
      readonly executionName: string;
    }
  | {
      readonly outcome: 'put-back';
      readonly stripeObjectId: string;
      readonly stripeEventId: string;
      readonly code: string;
    }
  | { readonly outcome: 'moved'; readonly stripeEventId: string }
  /** Messages that got a row in Salesforce. */
  | { readonly outcome: 'listed'; readonly rows: number }
  /** Messages that stay where they are: for people, or for a later run. */
  | { readonly outcome: 'looked'; readonly left: number };

export type RedriveResult = {
  readonly away: boolean;
  readonly started: number;
  readonly putBack: number;
  readonly moved: number;
  readonly left: number;
};

type Done = { readonly done: number; readonly left: number };
/** `stay`: those that lie in BulkPoisoned still. */
type Moved = Done & { readonly stay: readonly Letter[] };

/**
 * The story of `Redrive`, each minute. While Salesforce is away it only looks whether it is back, in case nobody else
 * does. Then what was given up because of the road is tried again, oldest first, as far as the budget allows: executions
 * that failed or could not be started, rows of the bulk lane, messages that did not get into it. What has a reason of its
 * own stays where people look for it. (Its Sync_Failure__c row is resolved by `RetryFailures`, or by the batch.)
 */
export async function redrive(world: RedriveWorld): Promise<RedriveResult> {
  // A message on its way into the bulk lane needs no Salesforce.
  const moved = await moveMessages(world);
  const away = await whyAway(world);
  if (away !== null) {
    world.log('info', { outcome: 'salesforce-away', code: away });
    return { away: true, started: 0, putBack: 0, moved: moved.done, left: moved.left };
  }
  await askLimitsAnew(world);
  const started = await startExecutions(world);
  const back = await putRowsBack(world);
  // Last: an org that takes no such row must not hold up what is tried again.
  const listed = await listPoisoned(moved.stay, world);
  if (listed > 0) world.log('info', { outcome: 'listed', rows: listed });
  const left = moved.left + started.left + back.left;
  if (left > 0) world.log('info', { outcome: 'looked', left });
  return { away: false, started: started.done, putBack: back.done, moved: moved.done, left };
}

/** `null` when the circuit is closed, be it by our own probe. */
async function whyAway(world: RedriveWorld): Promise<string | null> {
  const { circuit } = world;
  const { state, retryAfterMs, why } = await circuit.look();
  if (state === 'closed') return null;
  if (retryAfterMs > 0) return why;
  await askLimits(world);
  const after = await circuit.look();
  return after.state === 'closed' ? null : after.why;
}

const ASK_LIMITS_EVERY_MINUTES = 5;

/**
 * When the org said that others had used up its calls, bulk is held, and without calls of our own nobody hears that they
 * have stopped: so the org is asked.
 */
async function askLimitsAnew(world: RedriveWorld): Promise<void> {
  if ((await world.budget.peek('bulk', 1)).granted) return;
  if (await world.onceIn(ASK_LIMITS_EVERY_MINUTES)) await askLimits(world);
}

/** Costs a call and changes nothing. Whatever comes of it, circuit and budget have heard of it. */
async function askLimits({ budget, salesforce }: RedriveWorld): Promise<void> {
  try {
    const { granted } = await budget.acquire({ lane: 'realtime', calls: 1 });
    if (granted) await salesforce({ method: 'GET', path: '/limits' });
  } catch (error) {
    const told = [BudgetWait, SalesforceFailure, RetryLater].some((kind) => error instanceof kind);
    if (!told) throw error;
  }
}

function lateIn({ nowMs, stopAtMs }: RedriveWorld): boolean {
  return nowMs() >= stopAtMs;
}

async function startExecutions(world: RedriveWorld): Promise<Done> {
  const { machineArns, letters } = world;
  let room = redriveRoom(freeCalls(await world.budget.usage(), world.limits));
  if (room === 0) return { done: 0, left: 0 };
  let started = 0;
  let undeliveredLeft = 0;
  const isLate = () => lateIn(world);
  const failedLeft = await withLetters(
    letters.failedExecutions,
    async (failed, doneFailed) => {
      undeliveredLeft = await withLetters(
        letters.realtimeUndelivered,
        async (undelivered, doneUndelivered) => {
          const due = [
            ...failed.map((letter) => ({
              start: startFromNotice(letter, machineArns, world.nowMs()),
              done: doneFailed,
            })),
            ...undelivered.map((letter) => ({ start: startFromEvent(letter, machineArns), done: doneUndelivered })),
          ].flatMap(({ start, done }) => (start === null ? [] : [{ start, done }]));
          due.sort((a, b) => a.start.at - b.start.at);
          for (const { start, done } of due) {
            if (room === 0 || isLate()) break;
            if (!(await tryStart(start, world))) continue;
            await done(start.letter);
            room -= 1;
            started += 1;
          }
        },
        isLate,
      );
    },
    isLate,
  );
  return { done: started, left: failedLeft + undeliveredLeft };
}

/** One that cannot be started must not hold up those behind it. */
async function tryStart(start: Start, world: RedriveWorld): Promise<boolean> {
  const line = { from: start.from, code: start.code, executionName: start.name };
  try {
    await startOf(start, world.executions);
  } catch (error) {
    world.log('warn', { outcome: 'not-started', ...line, code: error instanceof Error ? error.name : 'UNKNOWN' });
    return false;
  }
  world.count('Redriven', 1);
  world.log('info', { outcome: 'redriven', ...line });
  return true;
}

/** Rows in one call of the buffer. */
const ROWS_PER_CALL = 50;

async function putRowsBack(world: RedriveWorld): Promise<Done> {
  let back = 0;
  const isLate = () => lateIn(world);
  const left = await withLetters(
    world.letters.bulkParked,
    async (letters, done) => {
      const due = letters.flatMap((letter) => dueRow(letter, world.nowMs()) ?? []);
      due.sort((a, b) => a.parked.row.newestAt - b.parked.row.newestAt);
      for (let from = 0; from < due.length && !isLate(); from += ROWS_PER_CALL) {
        const some = due.slice(from, from + ROWS_PER_CALL);
        const became = await putBack(
          some.map(({ parked }) => parked),
          world,
        );
        for (const [index, { letter, parked }] of some.entries()) {
          if (became[index] !== 'back') continue;
          await done(letter);
          back += 1;
          world.count('Redriven', 1);
          const ids = { stripeObjectId: parked.key, stripeEventId: parked.row.eventId };
          world.log('info', { outcome: 'put-back', ...ids, code: parked.code });
        }
      }
    },
    isLate,
  );
  return { done: back, left };
}

function dueRow(letter: Letter, nowMs: number): { readonly letter: Letter; readonly parked: ParkedLetter } | null {
  const parked = readLetter(letter.body);
  if (parked === null) return null;
  const { category, redrives, parkedAt } = parked;
  return redriveVerdict({ category, redrives, givenUpAt: parkedAt }, nowMs) === 'now' ? { letter, parked } : null;
}

async function moveMessages(world: RedriveWorld): Promise<Moved> {
  const stay = new Set<Letter>();
  let moved = 0;
  let left = 0;
  const isLate = () => lateIn(world);
  for (const box of [world.letters.bulkUndelivered, world.letters.bulkPoisoned]) {
    left += await withLetters(
      box,
      async (letters, done) => {
        if (box === world.letters.bulkPoisoned) for (const letter of letters) stay.add(letter);
        const due = letters.flatMap((letter) => moveOf(letter, world.nowMs()) ?? []);
        for (const { letter, redrives, eventId } of due.sort((a, b) => a.letter.sentAt - b.letter.sentAt)) {
          if (isLate()) break;
          await world.bulk.send([letter.body], { [REDRIVES]: String(redrives) });
          await done(letter);
          stay.delete(letter);
          moved += 1;
          world.count('Redriven', 1);
          world.log('info', { outcome: 'moved', stripeEventId: eventId });
        }
      },
      isLate,
    );
  }
  return { done: moved, left, stay: [...stay] };
}
