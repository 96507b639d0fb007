import { redriveVerdict } from '@payments/core/redrive';
import * as v from 'valibot';
import type { Letter } from '../adapters/queues.ts';
import { reasonOf } from '../bulk/poisoned-letter.ts';
import { MessageBody } from '../bulk/queue-message.ts';

/** A message that goes to the bulk queue once more; the number of times goes with it. */
export type Move = { readonly letter: Letter; readonly redrives: number; readonly eventId: string };

/**
 * Of a message that did not reach the bulk queue, or that failed in it for hours: Redis or Stripe was away, or the function
 * dies over it, which a few more tries will show. What the aggregator gave up as unreadable, and what is no bus event, stays
 * for people.
 */
export function moveOf(letter: Letter, nowMs: number): Move | null {
  const body = v.safeParse(MessageBody, letter.body);
  if (!body.success) return null;
  const redrives = Number(letter.attributes[REDRIVES] ?? 0);
  const { category } = reasonOf(letter.attributes);
  const verdict = redriveVerdict({ category, redrives, givenUpAt: letter.sentAt }, nowMs);
  return verdict === 'now' ? { letter, redrives: redrives + 1, eventId: body.output.detail.event.id } : null;
}

/** The message attribute that counts. */
export const REDRIVES = 'redrives';
