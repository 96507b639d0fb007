/** What lies in the dead-letter queues, read in place: looking takes no letter from anybody. */
import type { Letter, LetterGroup } from '@payments/console/contract';
import type { Message } from '@payments/ops/adapters/queues';
import { DEAD_LETTER_QUEUE_NAMES, DEAD_LETTER_QUEUES, type DeadLetterQueue } from '@payments/ops/deployment/places';
import { type Letter as FoundLetter, letterOf } from '@payments/ops/dlq/letter';
import { grouped } from '@payments/ops/dlq/look-through';
import { type Remedy, remedyFor } from '@payments/ops/dlq/remedy';
import type { Machine } from '../machine.ts';

/** The newest of a queue that are shown one by one; the groups count them all. */
const MOST = 200;

export type Letters = { readonly letters: Letter[]; readonly groups: LetterGroup[] };

type Read = { readonly letter: FoundLetter; readonly remedy: string };

/** Gives what lies there now. A message is read once: the queue of unrouted events may hold thousands. */
export function letterReader({ road, graph }: Machine): () => Letters {
  const prefix = `${graph.app}-${graph.stage}`;
  const queues = DEAD_LETTER_QUEUE_NAMES.flatMap((queue) => {
    const found = graph.queues.find(({ name }) => name === `${prefix}-${queue}`);
    return found === undefined ? [] : { queue, arn: found.arn };
  });
  const machineArn = (name: string): string =>
    graph.machines.find((machine) => machine.name === `${prefix}-${name}`)?.arn ?? name;
  let known = new Map<string, Read>();
  const read = (queue: DeadLetterQueue, message: Message): Read => {
    const letter = letterOf(queue, message, prefix);
    return { letter, remedy: remedyText(letter, remedyFor(letter, message, machineArn)) };
  };
  return () => {
    const found = queues.flatMap(({ queue, arn }) =>
      road.queues.look(arn).map(({ receives, ...message }) => {
        const before = known.get(`${queue} ${message.id}`);
        return { queue, id: message.id, receives, ...(before ?? read(queue, { ...message, handle: '' })) };
      }),
    );
    // Only of those that are there: what was redriven is forgotten.
    known = new Map(found.map(({ queue, id, letter, remedy }) => [`${queue} ${id}`, { letter, remedy }]));
    const letters = queues.flatMap(({ queue }) =>
      found
        .filter((each) => each.queue === queue)
        .sort((a, b) => b.letter.sentAt - a.letter.sentAt)
        .slice(0, MOST)
        .map(({ id, letter, receives, remedy }) => ({
          ...{ id, queue, reason: letter.reason, eventId: letter.eventId, type: letter.type },
          ...{ at: letter.sentAt, receives, remedy },
        })),
    );
    const groups = grouped(found.map(({ letter }) => letter));
    return { letters, groups: groups.map(({ queue, reason, count }) => ({ queue, reason, count })) };
  };
}

export function isDeadLetterQueue(name: string): name is DeadLetterQueue {
  return DEAD_LETTER_QUEUE_NAMES.some((each) => each === name);
}

function remedyText({ queue }: FoundLetter, remedy: Remedy): string {
  switch (remedy.kind) {
    case 'start':
      return 'When its cause is gone, redrive it: a new execution starts with the same event.';
    case 'send':
      return `Redrive it: it goes back to the queue ${remedy.queue}.`;
    case 'publish':
      return 'Redrive it: a lane takes its type by now, and it goes onto the bus once more.';
    case 'put back':
      return 'Correct what Salesforce refused, then redrive it: the row goes back into the buffer.';
    case 'none':
      if (DEAD_LETTER_QUEUES[queue].kind === 'start') return 'Nothing: the next run has made up for it.';
      return queue === 'Unrouted'
        ? 'Give its type a road in the route table, or leave it: nothing is lost, and nothing waits for it.'
        : `It cannot be redriven: ${remedy.why}.`;
  }
}
