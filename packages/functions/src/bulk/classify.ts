import { classifySalesforce } from '@payments/core/failure-table';
import { failed, type RowOutcome } from './outcome.ts';

/** What becomes of a row that was refused by itself. A limit met inside a call is a matter of time. */
export function outcomeOfRow(errorCode: string, message: string): RowOutcome {
  const { verdict, category } = classifySalesforce({ status: null, errorCode, message });
  return failed({ retry: verdict !== 'never', code: errorCode, category });
}

/** `Foreign key external ID: cus_9 not found for field …`: the row is right, its parent is not there yet. */
export function lacksParent(errorCode: string, message: string): boolean {
  return errorCode === 'INVALID_FIELD' && message.startsWith('Foreign key external ID: ');
}
