/** One storm: a machine, the lives of its customers, the schedule's faults on the way, and the judgement at the end. */
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { type Judgement, judgement } from '../demo/judgement.ts';
import { pendingRows } from '../demo/pending-rows.ts';
import { createTally, type Tally } from '../demo/tally.ts';
import { FunctionError, type LogLine } from '../lambda/function.ts';
import { type Machine, startMachine } from '../machine.ts';
import { life } from '../stripe/life.ts';
import { type Accounts, accountsOf } from './accounts.ts';
import { type Conductor, conduct } from './conductor.ts';
import { type History, historyOf } from './history.ts';
import type { Injection, Poison } from './injection.ts';
import { type FaultFigures, figuresOf } from './ledger.ts';
import { livesOf, TWIN_RATE } from './story.ts';
import { createWatch, type Watch } from './watch.ts';

export type StormRequest = {
  readonly root: string;
  readonly seed: number;
  readonly customers: number;
  readonly injections: readonly Injection[];
  /** Of each function; 2 by default, so that several storms fit on two cores. One is half the work of starting them. */
  readonly instances?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Every line that the functions print. */
  readonly onLog?: (line: LogLine) => void;
};

/** `struck`: injections that have; `underWay`: events. */
export type Progress = { readonly events: number; readonly struck: number; readonly underWay: number };

export type StormResult = {
  readonly faults: readonly FaultFigures[];
  readonly judgement: Judgement;
  readonly accounts: Accounts;
  /** What happened to the events behind the first things that are wrong. */
  readonly histories: readonly History[];
  /** What the runner itself could not do. */
  readonly errors: readonly string[];
  readonly seconds: number;
  readonly passed: boolean;
};

/** A month passes in seconds: the deployed limits per minute and hour would only make the run wait for the clock. */
const SETTINGS = {
  callsPerMinute: 6_000,
  callsPerHour: 60_000,
  callsPerDay: 90_000,
  // Some batches go by Bulk API 2.0, some by Collections.
  bulkAbove: 3,
  // Each look at a Salesforce that is away uses up one of the refusals that the schedule has for it.
  circuitOpenSeconds: 5,
  circuitLongestOpenSeconds: 10,
  circuitProbeSeconds: 20,
  // What Redis lost comes again within seconds: recover waits a sixtieth. The margin is more than two wrong clocks.
  statusEverySeconds: 10,
  archiveLagSeconds: 15,
  replayMarginSeconds: 500,
};
/** A sixtieth of EventBridge's ten minutes. */
const GUESSES = { bus: { archiveDelayMs: 10_000 } };
const INSTANCES = 2;
/** Ten seconds in one: tries after 0.2 to 3.2 s, a circuit that stays open for one second, a claim's lease of five. */
const SPEED = 10;
/** And a flush every two seconds; a message that failed is hidden for five. */
const SCHEDULE_SPEED = 3;
const HASTE = { retries: 1, queues: 8.4 };
/**
 * With more events than this under way, rows that wait for their flush included, the account's clock waits: so that
 * trouble in the middle of the story meets rows that are there, rows that are being written and rows that wait. Not for
 * ever: what Redis lost is under way until it has been replayed.
 */
const UNDER_WAY = 30;
const WAIT_AT_MOST_MS = 4_000;
const SETTLE_WITHIN_MS = 240_000;
/**
 * What was given up because of an outage is tried again by itself, once that is over, and a row that people see of it is
 * resolved within five minutes after. Some leases in Redis run out by its own clock: to the machine they are ten times as long.
 */
const HEAL_WITHIN_MS = 240_000;
const LOOK_EVERY_MS = 150;

export async function runStorm(request: StormRequest): Promise<StormResult> {
  const { seed, customers, injections } = request;
  const started = performance.now();
  const errors: string[] = [];
  const note = (error: unknown): void => {
    // A function that dies or throws is what this is about; everything else is a fault of the runner.
    if (isOfFunction(error)) return;
    errors.push(inspect(error));
  };
  const seen: { watch?: Watch; tally?: Tally } = {};
  const fates = new Map(injections.flatMap(({ at, fate }) => (fate === undefined ? [] : [[at, fate] as const])));
  let asked = 0;
  const machine = await startMachine({
    root: request.root,
    account: { seed, twinRate: TWIN_RATE },
    delivery: {
      fateOf: () => {
        asked += 1;
        return fates.get(asked) ?? {};
      },
    },
    settings: SETTINGS,
    guesses: GUESSES,
    instances: request.instances ?? INSTANCES,
    scheduleSpeed: SCHEDULE_SPEED,
    haste: HASTE,
    speed: SPEED,
    say: () => {},
    onLog: (line) => {
      seen.watch?.onLog(line);
      request.onLog?.(line);
    },
    onArrival: (arrival) => {
      seen.watch?.onArrival(arrival);
      seen.tally?.onArrival(arrival);
    },
    onExecution: (execution) => {
      seen.watch?.onExecution(execution);
      seen.tally?.onExecution(execution);
    },
    onError: note,
  });
  try {
    const watch = createWatch(machine.graph);
    const tally = createTally(machine.graph);
    Object.assign(seen, { watch, tally });
    const conductor = conduct({ machine, watch, injections, onError: note });
    const show = (): void =>
      request.onProgress?.({
        events: conductor.made(),
        struck: new Set(conductor.hits().map(({ injection }) => injection)).size,
        underWay: watch.underWay().length,
      });
    const looking = new AbortController();
    const looked = look(machine, watch, looking.signal);
    await live({ machine, watch, conductor, injections, seed, customers, show });
    conductor.storyOver();
    await settled(machine, conductor, show).catch(note);
    // Faults that still wait for their call must not strike while the last rows are looked at.
    machine.faults.aws.clear();
    machine.faults.stripe.clear();
    machine.org.org.clearFaults();
    await settled(machine, conductor, show).catch(note);
    const judge = (): { readonly judged: Judgement; readonly accounts: Accounts; readonly seconds: number } => {
      const seconds = Math.round((performance.now() - started) / 100) / 10;
      const judged = judgement(machine, tally, seconds);
      return {
        judged,
        seconds,
        accounts: accountsOf({ machine, watch, judgement: judged, poisons: conductor.poisons() }),
      };
    };
    const healed = (): boolean => {
      const { unaccounted, needless } = judge().accounts;
      return unaccounted.length === 0 && needless.length === 0;
    };
    const until = Date.now() + HEAL_WITHIN_MS;
    while (!healed() && Date.now() < until) {
      await delay(LOOK_EVERY_MS);
      await settled(machine, conductor, show).catch(note);
    }
    looking.abort();
    await looked;
    const { judged, accounts, seconds } = judge();
    return {
      faults: figuresOf(injections, conductor.hits(), (id) => watch.settledAt(id) ?? accounts.parkedAt.get(id) ?? null),
      judgement: judged,
      accounts,
      histories: historyOf({ machine, watch, injections, accounts, hits: conductor.hits() }),
      errors,
      seconds,
      passed: accounts.different.length === 0 && accounts.unaccounted.length === 0 && errors.length === 0,
    };
  } finally {
    await machine.close();
  }
}

/** A schedule wraps what became of its start. */
function isOfFunction(error: unknown): boolean {
  return error instanceof FunctionError || (error instanceof Error && isOfFunction(error.cause));
}

/** Lets the customers live, at a pace at which trouble finds something to trouble. */
async function live(world: {
  readonly machine: Machine;
  readonly watch: Watch;
  readonly conductor: Conductor;
  readonly injections: readonly Injection[];
  readonly seed: number;
  readonly customers: number;
  readonly show: () => void;
}): Promise<void> {
  const { machine, watch, conductor, seed, customers } = world;
  const pendingRow = pendingRows(machine, customers);
  for (const _step of life(machine.account, { ...livesOf({ seed, customers }), pendingRow })) {
    world.show();
    const made = conductor.made();
    /** Events that wait for others to overtake them: more must be made before they go. */
    const heldBack = world.injections.filter(({ at, fate }) => at <= made && made < at + (fate?.heldBack ?? 0)).length;
    const waitUntil = Date.now() + WAIT_AT_MOST_MS;
    do await delay(5);
    while (underWay(machine, watch) - heldBack > UNDER_WAY && Date.now() < waitUntil);
  }
}

/** Events that Stripe has not got rid of, and those that have not settled. */
function underWay(machine: Machine, watch: Watch): number {
  let open = machine.account.events().length;
  for (const { acknowledgedAt } of machine.delivery.reports()) if (acknowledgedAt !== null) open -= 1;
  return open + watch.underWay().length;
}

async function settled(machine: Machine, conductor: Conductor, show: () => void): Promise<void> {
  await conductor.idle();
  const until = Date.now() + SETTLE_WITHIN_MS;
  do {
    await machine.settle(Math.max(0, until - Date.now()), show);
    if (hidden(machine, conductor.poisons()) === 0 && (await machine.road.redisWhole().catch(() => false))) return;
    await delay(LOOK_EVERY_MS);
  } while (Date.now() < until);
  throw new Error(`not everything has come again after ${SETTLE_WITHIN_MS / 1000} s`);
}

/** Messages that failed: hidden until they are tried again, in nobody's hands until then. Not poison, which always fails. */
function hidden({ graph, road }: Machine, poisons: readonly Poison[]): number {
  const marks = poisons.flatMap((poison) =>
    poison.kind === 'event' ? [poison.id] : poison.kind === 'message' ? [poison.body] : [],
  );
  const bodies = graph.mappings.flatMap(({ queueArn }) => road.queues.hidden(queueArn));
  return bodies.filter((body) => !marks.some((mark) => body.includes(mark))).length;
}

/** Reads the buffer again and again until told to stop, and once more then. */
async function look(machine: Machine, watch: Watch, stop: AbortSignal): Promise<void> {
  for (let last = false; !last; ) {
    last = stop.aborted;
    const askedAt = Date.now();
    // Redis may be away for a moment.
    const events = await machine.bufferedEvents().catch(() => null);
    if (events !== null) watch.buffered(events, askedAt);
    if (!last) await delay(LOOK_EVERY_MS);
  }
}
