import * as v from 'valibot';
import { type Answer, splitPath } from './call.ts';

/** What a request is known by when faults are matched. */
export type Seen = {
  readonly method: string;
  readonly url: string;
  readonly body: string;
};

const FaultSchema = v.strictObject({
  match: v.optional(
    v.strictObject({
      method: v.optional(v.string()),
      urlRegex: v.optional(v.pipe(v.string(), v.check(isRegex, 'urlRegex is no regular expression'))),
      /** In the path or as `attributes.type` or sub-request address in the body. */
      object: v.optional(v.string()),
      externalId: v.optional(v.string()),
      /** Only the n-th request that matches the rest, counted from 1. */
      nth: v.optional(v.number()),
    }),
    {},
  ),
  /** How many requests it hits; without it, every one until cleared. */
  times: v.optional(v.number()),
  /** How many matching requests pass before. */
  after: v.optional(v.number(), 0),
  effect: v.strictObject({
    status: v.optional(v.number()),
    body: v.optional(v.unknown()),
    html: v.optional(v.string()),
    delayMs: v.optional(v.number(), 0),
    /** Cuts the connection without doing anything. */
    resetSocket: v.optional(v.boolean(), false),
    /** Does what was asked, then cuts the connection: the client cannot know. */
    dropAfterCommit: v.optional(v.boolean(), false),
    /** Takes the request and never answers. */
    hang: v.optional(v.boolean(), false),
  }),
});
export type FaultInput = v.InferInput<typeof FaultSchema>;
type FaultSpec = v.InferOutput<typeof FaultSchema>;

export type Effect = {
  readonly delayMs: number;
  readonly resetSocket: boolean;
  readonly dropAfterCommit: boolean;
  readonly hang: boolean;
  readonly answer: Answer | null;
};

/** `id` is the fault's number. */
export type FaultHit = { readonly id: number; readonly request: Seen };

type Armed = { readonly id: number; readonly spec: FaultSpec; seen: number; hits: number };

function isRegex(text: string): boolean {
  try {
    return new RegExp(text).source.length > 0;
  } catch {
    return false;
  }
}

/** Faults on demand: armed by tests or over HTTP, hit by the requests they match, in the order they were armed. */
export class Faults {
  readonly #armed: Armed[] = [];
  readonly #listeners = new Set<(hit: FaultHit) => void>();
  #sequence = 1;

  onHit(listener: (hit: FaultHit) => void): void {
    this.#listeners.add(listener);
  }

  /** Throws when the fault is not one; returns its number. */
  arm(input: unknown): number {
    const id = this.#sequence++;
    this.#armed.push({ id, spec: v.parse(FaultSchema, input), seen: 0, hits: 0 });
    return id;
  }

  /** `false`: there is none of that number. */
  lift(id: number): boolean {
    const at = this.#armed.findIndex((fault) => fault.id === id);
    if (at !== -1) this.#armed.splice(at, 1);
    return at !== -1;
  }

  clear(): void {
    this.#armed.length = 0;
  }

  list(): readonly { readonly id: number; readonly hits: number; readonly spec: FaultSpec }[] {
    return this.#armed.map(({ id, hits, spec }) => ({ id, hits, spec }));
  }

  get quiet(): boolean {
    return this.#armed.length === 0;
  }

  /** The effect on this request, used up by asking. */
  take(request: Seen): Effect | null {
    const hit = this.#armed.find((fault) => matches(fault, request));
    if (hit === undefined) return null;
    hit.hits++;
    for (const listener of this.#listeners) listener({ id: hit.id, request });
    const { status, body, html, delayMs, resetSocket, dropAfterCommit, hang } = hit.spec.effect;
    const answers = status !== undefined || html !== undefined || body !== undefined;
    return {
      delayMs,
      resetSocket,
      dropAfterCommit,
      hang,
      answer: !answers
        ? null
        : html === undefined
          ? { status: status ?? 500, body }
          : { status: status ?? 503, text: html, contentType: 'text/html' },
    };
  }
}

function matches(fault: Armed, request: Seen): boolean {
  const { match, times, after } = fault.spec;
  if (times !== undefined && fault.hits >= times) return false;
  if (match.method !== undefined && match.method.toUpperCase() !== request.method) return false;
  if (match.urlRegex !== undefined && !new RegExp(match.urlRegex).test(request.url)) return false;
  const names = [match.object, match.externalId].filter((name) => name !== undefined);
  if (!names.every((name) => mentions(request, name))) return false;
  fault.seen++;
  if (match.nth !== undefined) return fault.seen === match.nth;
  return fault.seen > after;
}

/** A whole word in address or body: `cus_1` is not in `cus_12`. */
function mentions(request: Seen, name: string): boolean {
  const word = new RegExp(`(?<![\\w-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`);
  return word.test(request.url) || word.test(splitPath(request.url).join('/')) || word.test(request.body);
}
