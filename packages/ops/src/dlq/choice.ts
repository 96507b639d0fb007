import * as v from 'valibot';
import { DEAD_LETTER_QUEUE_NAMES, DEAD_LETTER_QUEUES, type DeadLetterQueue } from '../deployment/places.ts';

/** What `show`, `redrive` and `discard` share: which letters are meant. */
const Queue = v.picklist(DEAD_LETTER_QUEUE_NAMES, `takes a queue: ${DEAD_LETTER_QUEUE_NAMES.join(', ')}`);

export const Choice = {
  queue: Queue,
  reason: v.optional(v.pipe(v.string(), v.minLength(1))),
  event: v.optional(v.pipe(v.string(), v.regex(/^evt_\w{1,250}$/, 'takes the id of an event'))),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^[1-9]\d{0,5}$/, 'takes a whole number from 1 on'), v.transform(Number)),
  ),
} as const;

export const CHOICE_OPTIONS = [
  { flags: '--reason <code>', description: 'only letters with this reason, as dlq list prints it' },
  { flags: '--event <id>', description: 'only letters about this event' },
  { flags: '--limit <n>', description: 'at most this many' },
] as const;

export const QUEUE_ARGUMENT = { name: '<queue>', description: `${DEAD_LETTER_QUEUE_NAMES.join(', ')}` } as const;

export function meaningOf(queue: DeadLetterQueue): string {
  return DEAD_LETTER_QUEUES[queue].means;
}
