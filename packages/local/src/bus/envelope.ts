// From a PutEvents entry to the event rules see.
import { busNameOf, DEFAULT_BUS } from './arn.ts';
import { validation } from './events-error.ts';
import type { BusGuesses } from './guesses.ts';
import { isObject } from './pattern-operators.ts';

/** One event offered to a bus. Everything is optional because EventBridge answers what is missing entry by entry. */
export interface PutEventsEntry {
  readonly source?: string | undefined;
  readonly detailType?: string | undefined;
  /** JSON text of an object. */
  readonly detail?: string | undefined;
  readonly resources?: readonly string[] | undefined;
  /** When it happened, milliseconds since 1970; the time of the call if left out. Kept to the second. */
  readonly time?: number | undefined;
  /** Name or ARN; the default bus if left out. */
  readonly eventBusName?: string | undefined;
}

export interface EntryFailure {
  readonly errorCode: string;
  readonly errorMessage: string;
}

export type PutEventsResult = { readonly eventId: string } | EntryFailure;

/** An event on a bus. */
export interface BusEvent {
  readonly id: string;
  readonly busName: string;
  /** Event time, milliseconds since 1970. */
  readonly time: number;
  /** When the bus took it, milliseconds since 1970. */
  readonly acceptedAt: number;
  /** The whole envelope. Its detail is the text that was put, so no number loses digits on the way. */
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export const MAX_ENTRIES = 10;

/**
 * Documented as "less than 1 MB" for all entries of a request together. One measurement saw exactly 1,048,576 bytes
 * accepted and then lost on the way to the target; refused here unless guesses.ts says otherwise.
 */
export const MAX_REQUEST_BYTES = 1_048_576;

const MAX_NESTING = 1000;

/** 14 bytes for a time, and the UTF-8 bytes of source, detail type, detail and each resource. */
export function entrySize(entry: PutEventsEntry): number {
  const texts = [entry.source, entry.detailType, entry.detail, ...(entry.resources ?? [])];
  const bytes = texts.reduce((sum, text) => sum + (text === undefined ? 0 : Buffer.byteLength(text)), 0);
  return bytes + (entry.time === undefined ? 0 : 14);
}

/** Throws ValidationException for what EventBridge refuses as a whole: no entries, more than ten, or too many bytes. */
export function checkRequest(
  entries: readonly PutEventsEntry[],
  { exactLimit, deepNesting }: Pick<BusGuesses, 'exactLimit' | 'deepNesting'>,
): void {
  const constraint = (problem: string) =>
    validation(
      `1 validation error detected: Value '[${entries.map(() => 'PutEventsRequestEntry').join(', ')}]' at 'entries' ` +
        `failed to satisfy constraint: Member must have length ${problem}`,
    );
  if (entries.length === 0) throw constraint('greater than or equal to 1');
  if (entries.length > MAX_ENTRIES) throw constraint(`less than or equal to ${MAX_ENTRIES}`);
  const allowed = exactLimit === 'refuse' ? MAX_REQUEST_BYTES - 1 : MAX_REQUEST_BYTES;
  if (entries.reduce((sum, entry) => sum + entrySize(entry), 0) > allowed) {
    throw validation('Total size of the entries in the request is over the limit.');
  }
  if (deepNesting === 'request' && entries.some(({ detail = '' }) => nesting(detail) > MAX_NESTING)) {
    throw validation(`Detail nests deeper than ${MAX_NESTING} levels.`);
  }
}

export interface EnvelopeContext {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The event an entry makes, or why EventBridge refuses that entry alone. */
export function envelopeOf(entry: PutEventsEntry, context: EnvelopeContext): BusEvent | EntryFailure {
  if (!entry.source) return required('Source');
  if (!entry.detailType) return required('DetailType');
  if (!entry.detail) return required('Detail');
  const detail = parseDetail(entry.detail);
  if (detail === undefined) return { errorCode: 'MalformedDetail', errorMessage: 'Detail is malformed.' };
  const time = Math.floor((entry.time ?? context.now) / 1000) * 1000;
  const head = {
    version: '0',
    id: context.id,
    'detail-type': entry.detailType,
    source: entry.source,
    account: context.account,
    time: new Date(time).toISOString().replace('.000Z', 'Z'),
    region: context.region,
    resources: [...(entry.resources ?? [])],
  };
  return {
    id: context.id,
    busName: entry.eventBusName === undefined ? DEFAULT_BUS : busNameOf(entry.eventBusName),
    time,
    acceptedAt: context.now,
    text: `${JSON.stringify(head).slice(0, -1)},"detail":${entry.detail.trim()}}`,
    json: { ...head, detail },
  };
}

/** The same event as a replay sends it: everything as it was, and the replay's name. */
export function replayed(event: BusEvent, replayName: string, now: number): BusEvent {
  return {
    ...event,
    acceptedAt: now,
    text: `${event.text.slice(0, -1)},"replay-name":${JSON.stringify(replayName)}}`,
    json: { ...event.json, 'replay-name': replayName },
  };
}

function required(argument: string): EntryFailure {
  return {
    errorCode: 'InvalidArgument',
    errorMessage: `Parameter ${argument} is not valid. Reason: ${argument} is a required argument.`,
  };
}

function parseDetail(text: string): Record<string, unknown> | undefined {
  if (nesting(text) > MAX_NESTING) return undefined;
  try {
    const detail: unknown = JSON.parse(text);
    return isObject(detail) ? detail : undefined;
  } catch {
    return undefined;
  }
}

/** How deep brackets nest outside strings. Counted before parsing, so that hostile text cannot exhaust the stack. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (quoted) {
      if (char === '\\') i += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
}
