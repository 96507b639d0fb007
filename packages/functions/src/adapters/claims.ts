import * as v from 'valibot';
import { CLAIM } from './claim.lua.ts';
import { type Redis, runScript } from './redis.ts';
import { RELEASE } from './release.lua.ts';

/** Longer than a step; short enough that whoever waits for a crashed holder does not wait long. Renewed by each try of Sync. */
export const LEASE_MS = 50_000;
/** Stripe repeats a delivery for three days; a later repeat is harmless by guard and key. */
export const DONE_SECONDS = 4 * 24 * 3600;

export type ClaimOutcome = 'mine' | 'duplicate' | 'held';

export type Claims = {
  /** The same execution may claim again: a retried step proceeds. */
  readonly claim: (eventId: string, holder: string, nowMs: number) => Promise<ClaimOutcome>;
  readonly done: (eventId: string) => Promise<void>;
  /** Whether there was a claim of this holder to release. */
  readonly release: (eventId: string, holder: string) => Promise<boolean>;
};

/** For who only looks. */
export type DoneMarks = { readonly isDone: (eventId: string) => Promise<boolean> };

export function doneMarks(redis: Redis): DoneMarks {
  return { isDone: async (eventId) => (await redis.get(keyOf(eventId))) === 'done' };
}

const OutcomeSchema = v.picklist(['mine', 'duplicate', 'held']);

export function claims(redis: Redis): Claims {
  return {
    claim: async (eventId, holder, nowMs) =>
      v.parse(OutcomeSchema, await runScript(redis, CLAIM, [keyOf(eventId)], [holder, nowMs, LEASE_MS])),
    done: async (eventId) => {
      await redis.set(keyOf(eventId), 'done', 'EX', DONE_SECONDS);
    },
    release: async (eventId, holder) => (await runScript(redis, RELEASE, [keyOf(eventId)], [holder])) === 1,
  };
}

function keyOf(eventId: string): string {
  return `claim:{${eventId}}`;
}
