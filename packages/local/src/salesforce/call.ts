import * as v from 'valibot';
import { asErrorBody, jsonParserError, SalesforceError } from './salesforce-error.ts';

/** Whose session it is: one an app logged in for, or an administrator's own (`fixedTokens`). */
export type Session = 'app' | 'administrator';

/** One REST request below `/services/data/vNN.0`, from the wire or from inside a composite. */
export type Call = {
  readonly method: string;
  /** `66` of `v66.0`. */
  readonly version: number;
  /** The path behind the version, split and then percent-decoded: an encoded slash stays inside its part. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed once, by whoever needs it; throws JSON_PARSER_ERROR. */
  json(): unknown;
  readonly text: string;
  readonly raw: Uint8Array;
};

/** `body` is JSON; `text` is sent as it is, with its content type. Neither means an empty answer. */
export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export const noContent: Answer = { status: 204 };

export function errorAnswer(error: SalesforceError): Answer {
  return { status: error.status, body: asErrorBody(error) };
}

export const basePath = (version: number) => `/services/data/v${version}.0`;

export const methodNotAllowed = (method: string, allowed: string) =>
  new SalesforceError(405, 'METHOD_NOT_ALLOWED', `HTTP Method '${method}' not allowed. Allowed are ${allowed}`);

/** Jackson's complaint, near enough to be recognised; position is not tracked. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (text.trim() === '') {
      throw jsonParserError('The HTTP entity body is required, but this request has no entity body.');
    }
    const reason = cause instanceof Error ? cause.message : 'unreadable';
    throw jsonParserError(`Unexpected character in the request body at [line:1, column:1]: ${reason}`);
  }
}

/** Reads a request body by its schema; what does not fit is answered as Salesforce's parser would. */
export function readBody<T extends v.GenericSchema>(schema: T, value: unknown): v.InferOutput<T> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const place = v.getDotPath(issue) ?? 'the body';
  throw jsonParserError(`Cannot deserialize ${place}: ${issue.message}`);
}

/** Splits a path as Salesforce does: doubled and trailing slashes do not count, parts are decoded after the split. */
export function splitPath(path: string): readonly string[] {
  return path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}
