import { compareVersions } from '@payments/core/freshness';
import { type Owner, ownersOf, parseWriteMark, type SalesforceRecord } from '@payments/core/record';
import * as v from 'valibot';
import { isJudged, type PlacedPart } from './composite.ts';

/**
 * One owner of a record whose columns the guard kept as they were, and the version it has stored. `tie`: it is ours. A row
 * that was refused for another owner's sake has ours stored as well where it stood: asking once too often is harmless.
 */
export type Refusal = {
  readonly record: SalesforceRecord;
  readonly owner: Owner;
  readonly why: 'older' | 'tie';
  readonly stored: number;
};

/** The part that failed the transaction. `record` is null for the platform event. `text` may quote data: never log it. */
export type Culprit = {
  readonly record: SalesforceRecord | null;
  readonly kind: PlacedPart['kind'];
  readonly status: number;
  readonly errorCode: string;
  readonly text: string;
};

export type CompositeOutcome =
  /** `salesforceId`: of the row that the event is about; `null` when the answer does not give it. */
  | { readonly kind: 'written'; readonly refusals: readonly Refusal[]; readonly salesforceId: string | null }
  | { readonly kind: 'failed'; readonly culprit: Culprit };

const AnswerSchema = v.object({
  compositeResponse: v.array(
    v.object({ body: v.unknown(), httpStatusCode: v.number(), referenceId: v.nullable(v.string()) }),
  ),
});
const ErrorsSchema = v.pipe(
  v.array(v.object({ errorCode: v.string(), message: v.optional(v.string(), '') })),
  v.minLength(1),
);

/** Our own code, for the part whose row was not found free (composite.ts). */
export const ROW_NOT_FREE = 'ROW_NOT_FREE';

type Answered = { readonly placed: PlacedPart; readonly status: number; readonly body: unknown };

/**
 * Reads every part of the answer: one failure rolls all back, and all others then say PROCESSING_HALTED. A part
 * without an answer is a failure too. Throws ValiError when the answer is none of a composite call.
 */
export function readComposite(answer: unknown, parts: readonly PlacedPart[], writeId: string): CompositeOutcome {
  const { compositeResponse } = v.parse(AnswerSchema, answer);
  const byReference = new Map(compositeResponse.map((part) => [part.referenceId, part]));
  const answered = parts.map((placed): Answered => {
    const said = byReference.get(placed.part.referenceId);
    return { placed, status: said?.httpStatusCode ?? 0, body: said?.body ?? null };
  });
  const failed = answered.filter(({ status }) => status < 200 || status >= 300).map(culpritOf);
  const culprit = failed.find(({ errorCode }) => errorCode !== 'PROCESSING_HALTED') ?? failed[0];
  if (culprit !== undefined) return { kind: 'failed', culprit: overLimit(compositeResponse) ?? culprit };
  return {
    kind: 'written',
    refusals: answered.flatMap((part) => refusalsOf(part, writeId)),
    salesforceId: mainRowId(answered),
  };
}

const SavedSchema = v.object({ id: v.string() });

/**
 * Parents come before the row that an event is about, some with a word of their own (an invoice's on its subscription), and the
 * plans of a subscription after it. An upsert answers with the row's id; an update by id answers nothing, and its id is our own.
 */
function mainRowId(answered: readonly Answered[]): string | null {
  const writes = answered.flatMap(({ placed, body }) =>
    placed.kind === 'write' ? [{ record: placed.record, body }] : [],
  );
  const judged = writes.filter(({ record }) => isJudged(record));
  const main = judged.findLast(({ record }) => record.object !== 'Pricing_Plan__c') ?? judged[0] ?? writes.at(-1);
  if (main === undefined) return null;
  const saved = v.safeParse(SavedSchema, main.body);
  return saved.success ? saved.output.id : main.record.rowId;
}

function culpritOf({ placed, status, body }: Answered): Culprit {
  const record = placed.kind === 'event' ? null : placed.record;
  const said = v.safeParse(ErrorsSchema, body);
  const [first] = said.success ? said.output : [];
  // Salesforce halts a part whose reference found nothing: the row that metadata names is gone or another's.
  const lost = placed.kind === 'write' && first?.message.startsWith('Invalid reference specified') === true;
  const errorCode =
    lost && record?.rowId !== null
      ? ROW_NOT_FREE
      : (first?.errorCode ?? (status === 0 ? 'NO_ANSWER' : `HTTP_${status}`));
  return { record, kind: placed.kind, status, errorCode, text: first?.message ?? '' };
}

/** A call that is refused whole answers with one part that names no reference. */
function overLimit(parts: v.InferOutput<typeof AnswerSchema>['compositeResponse']): Culprit | null {
  const whole = parts.find(({ referenceId }) => referenceId === null);
  if (whole === undefined) return null;
  const said = v.safeParse(ErrorsSchema, whole.body);
  const [first] = said.success ? said.output : [];
  return {
    record: null,
    kind: 'write',
    status: whole.httpStatusCode,
    errorCode: first?.errorCode ?? `HTTP_${whole.httpStatusCode}`,
    text: first?.message ?? '',
  };
}

function refusalsOf({ placed, body }: Answered, writeId: string): readonly Refusal[] {
  if (placed.kind !== 'read') return [];
  const row = v.parse(v.record(v.string(), v.unknown()), body);
  const refused = row.Refused_Write__c;
  if (typeof refused !== 'string' || parseWriteMark(refused).writeId !== writeId) return [];
  const { record } = placed;
  return [...ownersOf(record.object)].flatMap(([owner, { versionField }]): Refusal[] => {
    const said = record.owners[owner];
    const stored = row[versionField];
    if (said === undefined || said.version === 0 || typeof stored !== 'number') return [];
    const why = compareVersions(stored, said.version) === 'known' ? 'older' : 'tie';
    return [{ record, owner, why, stored }];
  });
}
