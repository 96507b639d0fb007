import type { Message, Queues } from '../adapters/queues.ts';
import type { DeadLetterQueue } from '../deployment/places.ts';
import { type Letter, letterOf } from './letter.ts';
import { receiveAll } from './receive.ts';

/** Letters of a queue as they are now. */
export type Looked = {
  readonly letters: readonly Letter[];
  /** There are more than were looked at. */
  readonly more: boolean;
};

/** Long enough to look through and give back; whoever else reads the queue meets them a little later. */
const HIDE_SECONDS = 60;

/** Reads up to `most` letters and gives all of them back: nothing is changed. */
export async function lookThrough(
  queue: DeadLetterQueue,
  most: number,
  { queues, prefix }: { readonly queues: Queues; readonly prefix: string },
): Promise<Looked> {
  const messages: Message[] = [];
  try {
    for await (const some of receiveAll(queue, queues, { most, hideSeconds: HIDE_SECONDS })) messages.push(...some);
  } finally {
    await queues.giveBack(queue, messages);
  }
  const { waiting, held } = await queues.depth(queue);
  const letters = messages.map((message) => letterOf(queue, message, prefix));
  return { letters, more: waiting + held > messages.length };
}

export type Group = {
  readonly queue: DeadLetterQueue;
  readonly reason: string;
  readonly count: number;
  /** ISO 8601. */
  readonly oldest: string;
};

/** By queue and reason, the most first. */
export function grouped(letters: readonly Letter[]): readonly Group[] {
  const groups = Map.groupBy(letters, ({ queue, reason }) => `${queue} ${reason}`);
  return [...groups.values()]
    .flatMap((some) => {
      const [first] = some;
      if (first === undefined) return [];
      const oldest = some.reduce((least, { sentAt }) => Math.min(least, sentAt), first.sentAt);
      return [{ queue: first.queue, reason: first.reason, count: some.length, oldest: new Date(oldest).toISOString() }];
    })
    .sort((a, b) => b.count - a.count);
}
