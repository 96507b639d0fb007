import { compareVersions } from '@payments/core/freshness';
import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { failureKeyOf, type ParkedRow } from './account.ts';
import { type BufferedRow, BufferedRowSchema, type Incoming, type Say } from './row.ts';

/**
 * A row that was given up, as it lies in the queue BulkParked: whole, so that it can be put back when the reason is gone.
 * That queue is the copy that counts; Redis forgets the row.
 */
export type ParkedLetter = {
  readonly object: SObjectName;
  readonly key: string;
  readonly row: BufferedRow;
  readonly code: string;
  readonly category: ParkedRow['outcome']['category'];
  readonly batchId: string;
  /** Ms since 1970. */
  readonly parkedAt: number;
  /** Of its Sync_Failure__c rows, this one last. */
  readonly failures: readonly string[];
  /** How often it was put back. */
  readonly redrives: number;
};

const LetterSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    object: v.picklist([
      'Stripe_Customer__c',
      'Stripe_Subscription__c',
      'Payment_Transaction__c',
      'Pricing_Plan__c',
      'Pricing_Tier__c',
    ]),
    key: v.string(),
    row: BufferedRowSchema,
    code: v.string(),
    category: v.picklist(['Network', 'Business', 'Data']),
    batchId: v.string(),
    parkedAt: v.number(),
    failures: v.array(v.string()),
    redrives: v.number(),
  }),
);

export function letterOf(object: SObjectName, batchId: string, parked: ParkedRow, nowMs: number): string {
  const { key, row, outcome } = parked;
  const letter: ParkedLetter = {
    ...{ object, key, row, code: outcome.code, category: outcome.category, batchId, parkedAt: nowMs },
    failures: [...new Set([...(row.failures ?? []), failureKeyOf(parked)])],
    redrives: row.redrives ?? 0,
  };
  return JSON.stringify(letter);
}

/** In all, those before it was put back included. */
export function triesOf({ tried = 0, attempts }: BufferedRow): number {
  return tried + attempts + 1;
}

/** `null` for what is none: it stays for people. */
export function readLetter(body: string): ParkedLetter | null {
  const letter = v.safeParse(LetterSchema, body);
  return letter.success ? letter.output : null;
}

/** Whether the one says of their row all that the other says, or something newer of it. */
export function says({ row }: ParkedLetter, { row: other }: ParkedLetter): boolean {
  const asNew = (known: Say | undefined, said: Say): known is Say =>
    known !== undefined && compareVersions(said.v, known.v) !== 'known';
  return (
    row.id === other.id &&
    Object.entries(other.owners).every(([owner, said]) => asNew(row.owners[owner], said)) &&
    Object.entries(other.columns).every(([name, said]) => {
      const known = row.columns[name];
      return asNew(known, said) && (known.v !== said.v || known.x === said.x);
    })
  );
}

/** The row as if it had just come in: newer states that wait win, and its tries begin anew. */
export function incomingAgain({ row, failures, redrives }: ParkedLetter): Incoming {
  return {
    ...{ id: row.id, columns: row.columns, owners: row.owners, e: row.eventId, at: row.newestAt },
    ...{ receivedAt: row.receivedAt, correlationId: row.correlationId, settle: 0 },
    ...{ failures, redrives: redrives + 1, tried: triesOf(row) },
    outdone: [...row.events, ...(row.outdone ?? [])].filter((event) => event !== row.eventId),
  };
}
