import * as v from 'valibot';
import { type Answer, type Call, errorAnswer, readBody, splitPath } from './call.ts';
import type { Engine } from './engine.ts';
import { guessedWords } from './guesses.ts';
import { isRecord } from './record-input.ts';
import { resourceNotFound, SalesforceError } from './salesforce-error.ts';

const MAX_PARTS = 25;
const MAX_HEAVY_PARTS = 5;

export const Part = v.object({
  method: v.picklist(['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'HEAD']),
  url: v.string(),
  referenceId: v.string(),
  body: v.optional(v.unknown()),
  httpHeaders: v.optional(v.record(v.string(), v.string())),
});
export type Part = v.InferOutput<typeof Part>;

const CompositeBody = v.object({
  allOrNone: v.optional(v.boolean(), false),
  collateSubrequests: v.optional(v.boolean(), true),
  compositeRequest: v.array(Part),
});

export type PartResponse = {
  readonly body: unknown;
  readonly httpHeaders: Readonly<Record<string, string>>;
  readonly httpStatusCode: number;
  readonly referenceId: string | null;
};

/** Answers one part's request within the running transaction; throws {@link SalesforceError}. */
export type AnswerPart = (call: Call) => Answer;

/** `/composite`: up to 25 requests in one API call, in order. The outer status is 200 whatever happened inside. */
export function answerComposite(engine: Engine, call: Call, answerPart: AnswerPart): Answer {
  const { allOrNone, compositeRequest } = readBody(CompositeBody, call.json());
  const refusal = tooMuch(engine, compositeRequest);
  if (refusal !== null) return { status: 200, body: { compositeResponse: [partError(refusal, null)] } };
  checkReferenceIds(compositeRequest);
  const { responses } = runParts(engine, compositeRequest, allOrNone, answerPart);
  return { status: 200, body: { compositeResponse: responses } };
}

function tooMuch(engine: Engine, parts: readonly Part[]): SalesforceError | null {
  if (parts.length > MAX_PARTS) {
    return new SalesforceError(400, 'LIMIT_EXCEEDED', `The request can’t contain more than ${MAX_PARTS} operations.`);
  }
  const heavy = parts.filter(({ url }) => /\/(composite\/sobjects|query|queryAll)\b/i.test(url));
  if (heavy.length <= MAX_HEAVY_PARTS) return null;
  return new SalesforceError(
    400,
    'LIMIT_EXCEEDED',
    guessedWords(
      engine.guesses,
      `The request can’t contain more than ${MAX_HEAVY_PARTS} query or collections operations.`,
    ),
  );
}

export function checkReferenceIds(parts: readonly Part[]): void {
  const seen = new Set<string>();
  for (const { referenceId } of parts) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_]*$/.test(referenceId)) {
      throw new SalesforceError(400, 'INVALID_INPUT', `Provided referenceId ('${referenceId}') ${REFERENCE_RULE}`);
    }
    if (seen.has(referenceId)) {
      throw new SalesforceError(
        400,
        'INVALID_INPUT',
        `Duplicate ReferenceId provided (${referenceId}) in composite request.`,
      );
    }
    seen.add(referenceId);
  }
}

const REFERENCE_RULE =
  "must start with a letter or a number, and it can contain only letters, numbers and underscores ('_').";

/** Runs parts in order. With `allOrNone`, one failure undoes all and the others say PROCESSING_HALTED. */
export function runParts(
  engine: Engine,
  parts: readonly Part[],
  allOrNone: boolean,
  answerPart: AnswerPart,
): { readonly responses: readonly PartResponse[]; readonly failed: boolean } {
  const start = engine.store.savepoint();
  const known = new Map<string, unknown>();
  const responses: PartResponse[] = [];
  for (const part of parts) {
    const before = engine.store.savepoint();
    const answer = answerOne(part, known, allOrNone, answerPart);
    if (isFailure(answer)) engine.store.rollbackTo(before);
    else known.set(part.referenceId, answer.body);
    responses.push(asPart(answer, part.referenceId));
    // What follows a failure is halted anyway.
    if (allOrNone && failedInside(answer)) break;
  }
  const culprit = responses.findIndex((response) =>
    failedInside({ status: response.httpStatusCode, body: response.body }),
  );
  if (!allOrNone || culprit < 0) return { responses, failed: culprit >= 0 };
  engine.store.rollbackTo(start);
  return { responses: parts.map((part, i) => halted(part, i, culprit, responses[i])), failed: true };
}

function halted(part: Part, i: number, culprit: number, response: PartResponse | undefined): PartResponse {
  if (response !== undefined && i === culprit) return response;
  // Documented: rows of an inner collection keep their success although they were rolled back.
  if (response !== undefined && i < culprit && isCollections(part)) return response;
  return partError(HALTED, part.referenceId);
}

function isCollections(part: Part): boolean {
  return /\/composite\/sobjects\b/i.test(part.url);
}

const HALTED = new SalesforceError(
  400,
  'PROCESSING_HALTED',
  'The transaction was rolled back since another operation in the same transaction failed.',
);

function isFailure(answer: Answer): boolean {
  return answer.status >= 300;
}

/** A collection answers 200 with failed rows inside; for the outer allOrNone that is a failure. */
function failedInside(answer: Answer): boolean {
  if (isFailure(answer)) return true;
  return Array.isArray(answer.body) && answer.body.some((row) => isRecord(row) && row.success === false);
}

function answerOne(
  part: Part,
  known: ReadonlyMap<string, unknown>,
  allOrNone: boolean,
  answerPart: AnswerPart,
): Answer {
  try {
    const url = resolveText(part.url, known);
    const body = resolveReferences(part.body, known);
    return answerPart(partCall(part.method, url, withOuterAllOrNone(part, body, allOrNone)));
  } catch (error) {
    if (error instanceof SalesforceError) return errorAnswer(error);
    throw error;
  }
}

function withOuterAllOrNone(part: Part, body: unknown, allOrNone: boolean): unknown {
  return allOrNone && isCollections(part) && isRecord(body) && body.allOrNone === undefined
    ? { ...body, allOrNone }
    : body;
}

function partCall(method: string, url: string, body: unknown): Call {
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const [services, data, version, ...segments] = splitPath(path);
  const number = /^v(\d+)\.0$/.exec(version ?? '')?.[1];
  if (services !== 'services' || data !== 'data' || number === undefined) throw resourceNotFound();
  return {
    method,
    version: Number(number),
    segments,
    query: new URLSearchParams(query),
    headers: {},
    json: () => body,
    text: '',
    raw: new Uint8Array(),
  };
}

function asPart(answer: Answer, referenceId: string): PartResponse {
  return {
    body: answer.body ?? null,
    httpHeaders: answer.headers ?? {},
    httpStatusCode: answer.status,
    referenceId,
  };
}

function partError(error: SalesforceError, referenceId: string | null): PartResponse {
  return { body: errorAnswer(error).body, httpHeaders: {}, httpStatusCode: error.status, referenceId };
}

const REFERENCE = /@\{([^}]*)\}/g;

/** Puts earlier answers where `@{ref.id}` or `@{ref.children[0].id}` stands, in the body's strings. */
function resolveReferences(value: unknown, known: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === 'string') return resolveText(value, known);
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, known));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolveReferences(item, known)]));
}

function resolveText(text: string, known: ReadonlyMap<string, unknown>): string {
  return text.includes('@{') ? text.replace(REFERENCE, (_, path: string) => lookUp(path, known)) : text;
}

function lookUp(path: string, known: ReadonlyMap<string, unknown>): string {
  const [reference = '', ...steps] = path.split(/[.[]/).map((step) => step.replace(/\]$/, ''));
  let value: unknown = known.get(reference);
  for (const step of steps) {
    if (Array.isArray(value)) value = value[Number(step)];
    else value = isRecord(value) ? value[step] : undefined;
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new SalesforceError(
    400,
    'PROCESSING_HALTED',
    `Invalid reference specified. No value for ${path} found in ${reference}`,
  );
}
