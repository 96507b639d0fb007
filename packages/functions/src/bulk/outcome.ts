import { isObject } from '@payments/core/event';
import type { Category } from '@payments/core/failure';
import type { Owner } from '@payments/core/record';
import * as v from 'valibot';
import type { Versions } from '../adapters/sent-hashes.ts';

/** What became of one row of a batch. Codes only: Salesforce's messages may quote a person's data. */
export type RowOutcome =
  /** `salesforceId` is null where the answer did not give it. */
  | { readonly kind: 'written'; readonly salesforceId: string | null }
  /** Equal to what was last sent: nothing was sent. `stored` are the versions that were: the org may have older ones. */
  | { readonly kind: 'unchanged'; readonly stored: Versions }
  /** The org's guard kept newer columns of at least one owner; `ties` are the owners whose stored second is ours. */
  | {
      readonly kind: 'refused';
      readonly salesforceId: string | null;
      readonly refused: readonly Owner[];
      readonly ties: readonly Owner[];
    }
  | {
      readonly kind: 'failed';
      readonly retry: boolean;
      readonly code: string;
      readonly category: Category;
      /** The job failed as a whole: the row goes by Collections next time. */
      readonly apart: boolean;
      /** External id of the row that is missing. */
      readonly parent?: string;
    };

const KINDS: ReadonlySet<unknown> = new Set(['written', 'unchanged', 'refused', 'failed']);

/** Only we write them: the tag is checked, the rest by reference. */
export const RowOutcomeSchema = v.custom<RowOutcome>(
  (value) => isObject(value) && KINDS.has(value.kind),
  'not a row outcome',
);

export function failed(failure: {
  readonly retry: boolean;
  readonly code: string;
  readonly category: Category;
  readonly apart?: boolean;
  readonly parent?: string;
}): RowOutcome {
  return { kind: 'failed', apart: false, ...failure };
}
