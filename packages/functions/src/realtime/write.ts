import { BudgetWait, NeverRetry } from '@payments/core/failure';
import type { PaymentFailed } from '@payments/core/plan';
import type { Parent, SalesforceRecord } from '@payments/core/record';
import type { Lane } from '@payments/core/routes';
import type { Salesforce } from '../adapters/salesforce.ts';
import { missingParent } from '../bulk/classify.ts';
import { inCalls, type Mark, partsOf } from './composite.ts';
import { type CompositeOutcome, type Culprit, type Refusal, ROW_NOT_FREE, readComposite } from './composite-answer.ts';
import { failureOfPart } from './salesforce-refusal.ts';

export type Acquire = (ask: {
  readonly lane: Lane;
  readonly calls: number;
}) => Promise<{ readonly granted: boolean; readonly retryAfterMs: number }>;

export type WriteWorld = {
  readonly salesforce: Salesforce;
  /** Books API calls of the shared budget. */
  readonly acquire: Acquire;
  /** The API's version, `66.0`. */
  readonly version: string;
};

export type Written = {
  readonly refusals: readonly Refusal[];
  readonly calls: number;
  /** Of the row that the event is about. */
  readonly salesforceId: string | null;
  /** What had to be left out or addressed otherwise. Identifiers only. */
  readonly notes: readonly string[];
};

/** A row is corrected once per cause, so this is more than enough; it ends a loop that nobody foresaw. */
const MAX_CORRECTIONS = 4;

/** Codes by which the org says that a row cannot be written by the id that Stripe's metadata carried. */
const ROW_ID_FAILS: ReadonlySet<string> = new Set([
  ROW_NOT_FREE,
  'INVALID_QUERY_FILTER_OPERATOR',
  'NOT_FOUND',
  'ENTITY_IS_DELETED',
  'MALFORMED_ID',
  'INVALID_CROSS_REFERENCE_KEY',
  // Another row has the external id already: that one is Stripe's, then.
  'DUPLICATE_VALUE',
]);

/**
 * Writes records and the platform event, all or none per call (one call up to 25 parts). Throws BudgetWait before
 * anything is sent when the budget has no call left, ParentRefused where a row that others refer to cannot be made, else
 * RetryLater or NeverRetry with the culprit's code.
 */
export async function writeRecords(
  work: {
    readonly records: readonly SalesforceRecord[];
    readonly paymentFailed: PaymentFailed | null;
    readonly mark: Mark;
  },
  world: WriteWorld,
): Promise<Written> {
  const calls = inCalls(work.records, work.paymentFailed !== null);
  await book(calls.length, world.acquire);
  const written: Written[] = [];
  for (const [index, records] of calls.entries()) {
    const paymentFailed = index === calls.length - 1 ? work.paymentFailed : null;
    written.push(await writeCall(records, paymentFailed, work.mark, world));
  }
  return {
    refusals: written.flatMap(({ refusals }) => refusals),
    calls: written.reduce((sum, each) => sum + each.calls, 0),
    salesforceId: written.find(({ salesforceId }) => salesforceId !== null)?.salesforceId ?? null,
    notes: written.flatMap(({ notes }) => notes),
  };
}

async function writeCall(
  records: readonly SalesforceRecord[],
  paymentFailed: PaymentFailed | null,
  mark: Mark,
  world: WriteWorld,
): Promise<Written> {
  let current = records;
  const notes: string[] = [];
  for (let calls = 1; ; calls += 1) {
    const outcome = await send(current, paymentFailed, mark, world);
    if (outcome.kind === 'written') {
      return { refusals: outcome.refusals, calls, salesforceId: outcome.salesforceId, notes };
    }
    const correction = calls > MAX_CORRECTIONS ? null : correctionFor(outcome.culprit);
    if (correction === null) {
      const failure = ParentRefused.of(outcome.culprit, current) ?? failureOfPart(outcome.culprit);
      const others = failure instanceof NeverRetry ? withoutPlans(outcome.culprit, current) : [];
      if (others.length > 0) {
        await book(1, world.acquire);
        await writeCall(others, paymentFailed, mark, world);
      }
      throw failure;
    }
    current = current.map((record) => (record === outcome.culprit.record ? correction.record : record));
    notes.push(correction.note);
    await book(1, world.acquire);
  }
}

/**
 * What a subscription says must not wait for a person because the org refuses the plan of one of its items for good. The event
 * is parked for that plan's sake all the same, and brings the plans again when it is started anew. Empty: it is not about a plan.
 */
function withoutPlans({ record }: Culprit, records: readonly SalesforceRecord[]): readonly SalesforceRecord[] {
  if (record?.object !== 'Pricing_Plan__c') return [];
  return records.filter(({ object }) => object !== 'Pricing_Plan__c');
}

/** Nothing was written, because a row that another one refers to is not there and the org does not take an empty one. */
export class ParentRefused extends Error {
  override readonly name = 'ParentRefused';
  readonly parent: Pick<Parent, 'object' | 'externalId'>;
  readonly code: string;
  /** Why the parent's own row was refused; `null` when only its absence showed. */
  readonly failure: NeverRetry | null;
  constructor(parent: Pick<Parent, 'object' | 'externalId'>, code: string, failure: NeverRetry | null) {
    super(`Salesforce does not take ${parent.object} ${parent.externalId}: ${code}`);
    this.parent = parent;
    this.code = code;
    this.failure = failure;
  }

  /** `null`: the culprit is nobody's parent, or may be taken another time. */
  static of(culprit: Culprit, records: readonly SalesforceRecord[]): ParentRefused | null {
    const { record, errorCode, text } = culprit;
    if (record === null) return null;
    const named = missingParent(errorCode, text, record.parents);
    if (named !== null) return new ParentRefused(named, errorCode, null);
    const isParent = records.some(({ parents }) =>
      parents.some(({ object, externalId }) => object === record.object && externalId === record.externalId),
    );
    if (!isParent || record.externalId === null) return null;
    const { object, externalId } = record;
    const failure = failureOfPart(culprit);
    return failure instanceof NeverRetry ? new ParentRefused({ object, externalId }, errorCode, failure) : null;
  }
}

async function send(
  records: readonly SalesforceRecord[],
  paymentFailed: PaymentFailed | null,
  mark: Mark,
  world: WriteWorld,
): Promise<CompositeOutcome> {
  const parts = partsOf(records, paymentFailed, mark, world.version);
  const { body } = await world.salesforce({
    method: 'POST',
    path: '/composite',
    body: { allOrNone: true, collateSubrequests: false, compositeRequest: parts.map(({ part }) => part) },
  });
  return readComposite(body, parts, mark.writeId);
}

/** The same row written otherwise, when the org's answer names a cause that we can leave out. */
function correctionFor({
  record,
  errorCode,
}: Culprit): { readonly record: SalesforceRecord; readonly note: string } | null {
  if (record === null) return null;
  if (ROW_ID_FAILS.has(errorCode) && record.rowId !== null && record.externalId !== null) {
    return {
      record: { ...record, rowId: null },
      note: `row ${record.rowId} cannot be written (${errorCode}): ${record.externalId} is found by its external id`,
    };
  }
  return null;
}

async function book(calls: number, acquire: Acquire): Promise<void> {
  const { granted, retryAfterMs } = await acquire({ lane: 'realtime', calls });
  if (granted) return;
  throw new BudgetWait('no Salesforce API call is left for now: wait', { code: 'NO_BUDGET', retryAfterMs });
}
