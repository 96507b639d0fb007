import type { BusEntry } from '../adapters/bus.ts';
import type { Executions } from '../adapters/executions.ts';
import type { Operator } from '../adapters/operator.ts';
import type { Message, Queues } from '../adapters/queues.ts';
import { type Deployment, machineArn } from '../deployment/deployment.ts';
import type { DeadLetterQueue } from '../deployment/places.ts';
import type { Io } from '../frame/io.ts';
import { type Chosen, isChosen, type Letter, letterOf } from './letter.ts';
import type { Pace } from './pace.ts';
import { receiveAll } from './receive.ts';
import { type Remedy, remedyFor } from './remedy.ts';

export type RedriveWorld = {
  readonly deployment: Deployment;
  readonly queues: Queues;
  readonly executions: Executions;
  readonly operator: Operator;
  readonly publish: (entry: BusEntry) => Promise<void>;
  readonly pace: Pace;
  readonly io: Pick<Io, 'sleep' | 'signal' | 'nowMs'>;
};

/** What came of the letters that were chosen. */
export type Worked = {
  readonly done: number;
  /** Left where they were, by the reason. */
  readonly left: ReadonlyMap<string, number>;
};

/** Longer than a run takes for as many letters as a person redrives at once. Killed, it leaves them hidden for this long. */
const HIDE_SECONDS = 900;
const RUN_MS = 840_000;
/** SQS lets a queue have no more than this in hand. */
const MOST = 120_000;
/** A row that was received long ago has to wait for the next status, a minute away. */
const LATER_MS = 20_000;

/**
 * Does something with each chosen letter of a queue and removes those for which it was done; every other one is given back.
 * Ends at Ctrl-C after the letter in hand. `progress` is told after each.
 */
export async function workThrough(
  queue: DeadLetterQueue,
  chosen: Chosen & { readonly limit: number },
  act: (letter: Letter, message: Message) => Promise<'done' | 'later' | { readonly left: string }>,
  world: Pick<RedriveWorld, 'queues' | 'deployment' | 'io'>,
  progress: (done: number) => void,
): Promise<Worked> {
  const { queues, deployment, io } = world;
  const held: Message[] = [];
  const left = new Map<string, number>();
  const leave = (message: Message, why: string) => {
    held.push(message);
    left.set(why, (left.get(why) ?? 0) + 1);
  };
  let later: [Letter, Message][] = [];
  let done = 0;
  let taken = 0;
  const until = io.nowMs() + RUN_MS;
  const goesOn = () => !io.signal.aborted && io.nowMs() < until;
  const work = async (letter: Letter, message: Message) => {
    const outcome = await act(letter, message);
    if (outcome === 'later') later.push([letter, message]);
    else if (outcome === 'done') {
      await queues.remove(queue, message);
      done += 1;
      progress(done);
    } else leave(message, outcome.left);
  };
  const open: Message[] = [];
  try {
    for await (const some of receiveAll(queue, queues, { most: MOST, hideSeconds: HIDE_SECONDS })) {
      open.push(...some);
      for (const message of some) {
        const letter = letterOf(queue, message, deployment.prefix);
        if (!isChosen(letter, chosen) || taken >= chosen.limit || !goesOn()) {
          held.push(message);
        } else {
          taken += 1;
          await work(letter, message);
        }
        open.splice(open.indexOf(message), 1);
      }
      if (!goesOn() || taken >= chosen.limit) break;
    }
    while (later.length > 0 && goesOn()) {
      await io.sleep(LATER_MS);
      const again = later;
      later = [];
      for (const [letter, message] of again) await work(letter, message);
    }
    for (const [, message] of later) leave(message, 'the buffer cannot take it yet: redrive it in a minute');
    later = [];
  } finally {
    await queues.giveBack(queue, [...held, ...open, ...later.map(([, message]) => message)]);
  }
  return { done, left };
}

/** Redrives one letter. */
export function redriveWith(world: RedriveWorld) {
  const { deployment } = world;
  return async (letter: Letter, message: Message): Promise<'done' | 'later' | { readonly left: string }> =>
    apply(
      remedyFor(letter, message, (name) => machineArn(deployment, name)),
      world,
    );
}

async function apply(remedy: Remedy, world: RedriveWorld): Promise<'done' | 'later' | { readonly left: string }> {
  switch (remedy.kind) {
    case 'none':
      return { left: remedy.why };
    case 'send':
      await world.queues.send(remedy.queue, remedy.body);
      return 'done';
    case 'publish':
      await world.publish({ detailType: remedy.detailType, detail: remedy.detail });
      return 'done';
    case 'put back': {
      const [outcome] = await world.operator.putBack([remedy.letter]);
      if (outcome === 'back') return 'done';
      return outcome === 'later' ? 'later' : { left: 'it cannot be read' };
    }
    case 'start': {
      const input = remedy.input ?? (await inputOf(remedy.executionArn, world));
      if (input === null) return { left: 'Step Functions does not know its input any more: replay the event' };
      if (!(await world.pace.take())) return { left: 'interrupted' };
      await world.executions.start(remedy.machineArn, remedy.name, input);
      return 'done';
    }
  }
}

async function inputOf(executionArn: string | null, { executions }: RedriveWorld): Promise<string | null> {
  return executionArn === null ? null : ((await executions.describe(executionArn))?.input ?? null);
}
