import type { Known } from '@payments/core/freshness';
import type { Owner } from '@payments/core/record';
import { REMEMBER } from './freshness.lua.ts';
import { type Redis, runScript } from './redis.ts';

/** Stripe gives events for 30 days (resend, backfill, archive); an older state cannot arrive after that. */
export const FRESH_SECONDS = 31 * 24 * 3600;

/** One owner's columns of one row. External ids are Stripe's own, so they are unique across objects. */
export type Subject = { readonly owner: Owner; readonly externalId: string };

export type FreshnessStore = {
  /** What was last written for each subject, in the order asked; `null` when nothing is remembered. */
  readonly known: (subjects: readonly Subject[]) => Promise<readonly (Known | null)[]>;
  /** To be called after Salesforce confirmed the write. Keeps the newest, in whatever order calls come. */
  readonly remember: (written: readonly (Subject & Known)[]) => Promise<void>;
};

/** The key that both lanes compare. */
export function freshnessKey({ owner, externalId }: Subject): string {
  return `fresh:{${owner}:${externalId}}`;
}

export function freshnessStore(redis: Redis): FreshnessStore {
  return {
    known: async (subjects) =>
      (await Promise.all(subjects.map((subject) => redis.get(freshnessKey(subject))))).map(parse),
    remember: async (written) => {
      await Promise.all(
        written.map((state) =>
          runScript(
            redis,
            REMEMBER,
            [freshnessKey(state)],
            [state.version, state.eventId, FRESH_SECONDS, state.content ?? ''],
          ),
        ),
      );
    },
  };
}

/** An unreadable value counts as unknown: the org's guard still judges the write. */
function parse(stored: string | null): Known | null {
  const [, version, eventId, content] = /^(\d+) (\S*)(?: (\S+))?$/.exec(stored ?? '') ?? [];
  if (version === undefined || eventId === undefined) return null;
  return { version: Number(version), eventId, ...(content === undefined ? {} : { content }) };
}
