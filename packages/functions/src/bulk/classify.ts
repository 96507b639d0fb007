import { classifySalesforce } from '@payments/core/failure-table';
import type { Parent } from '@payments/core/record';
import { failed, type RowOutcome } from './outcome.ts';

/** What becomes of a row that was refused by itself. A limit met inside a call is a matter of time. */
export function outcomeOfRow(errorCode: string, message: string): RowOutcome {
  const { verdict, category } = classifySalesforce({ status: null, errorCode, message });
  return failed({ retry: verdict !== 'never', code: errorCode, category });
}

/** The row is right, but a row that it refers to is not there. */
export function orphaned({ externalId }: Pick<Parent, 'externalId'>): RowOutcome {
  return failed({ retry: true, code: 'PARENT_MISSING', category: 'Data', parent: externalId });
}

/**
 * `Foreign key external ID: cus_9 not found for field …`: which of a row's parents is not there. An org may spell the id in
 * lower case, so it is looked up among them.
 */
export function missingParent(errorCode: string, message: string, parents: readonly Parent[]): Parent | null {
  const [, named] = /^Foreign key external ID: (.*) not found for field /.exec(message) ?? [];
  if (errorCode !== 'INVALID_FIELD' || named === undefined) return null;
  return (
    parents.find(({ externalId }) => externalId === named) ??
    parents.find(({ externalId }) => externalId.toLowerCase() === named.toLowerCase()) ??
    parents[0] ??
    null
  );
}
