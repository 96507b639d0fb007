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

export function lettersIn({ road, graph }: Machine): { readonly letters: Letter[]; readonly groups: LetterGroup[] } {
  const prefix = `${graph.app}-${graph.stage}`;
  const arnOf = (queue: string): string | null =>
    graph.queues.find(({ name }) => name === `${prefix}-${queue}`)?.arn ?? null;
  const machineArn = (name: string): string =>
    graph.machines.find((machine) => machine.name === `${prefix}-${name}`)?.arn ?? name;
  const found = DEAD_LETTER_QUEUE_NAMES.flatMap((queue) => {
    const arn = arnOf(queue);
    return (arn === null ? [] : road.queues.look(arn)).map(({ receives, ...message }) => {
      const read: Message = { ...message, handle: '' };
      const letter = letterOf(queue, read, prefix);
      return { letter, receives, remedy: remedyText(letter, remedyFor(letter, read, machineArn)) };
    });
  });
  const letters = DEAD_LETTER_QUEUE_NAMES.flatMap((queue) =>
    found
      .filter(({ letter }) => letter.queue === queue)
      .sort((a, b) => b.letter.sentAt - a.letter.sentAt)
      .slice(0, MOST)
      .map(({ letter, receives, remedy }) => ({
        ...{ id: letter.messageId, queue, reason: letter.reason, eventId: letter.eventId, type: letter.type },
        ...{ at: letter.sentAt, receives, remedy },
      })),
  );
  const groups = grouped(found.map(({ letter }) => letter)).map(({ queue, reason, count }) => ({
    queue,
    reason,
    count,
  }));
  return { letters, groups };
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
