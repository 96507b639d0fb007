import * as v from 'valibot';
import { StripeError } from './stripe-error.ts';

const FaultSchema = v.strictObject({
  /** Which requests: method, and a part of the path (`/v1/customers`). Absent: all. */
  method: v.optional(v.picklist(['GET', 'POST', 'DELETE'])),
  path: v.optional(v.string()),
  /** The nth request that fits is the first to suffer; 1 by default. */
  nth: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** How many suffer; 1 by default, 0: all from then on. */
  times: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** Whether the work is done all the same: an answer that is lost or wrong after it. False by default. */
  afterWork: v.optional(v.boolean()),
  /** What happens: a wait, then an error answer or a cut connection, or (neither) the true answer, late. */
  delayMs: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(600_000))),
  status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599))),
  type: v.optional(v.string()),
  code: v.optional(v.string()),
  message: v.optional(v.string()),
  /** `Stripe-Rate-Limited-Reason` of a 429, `Stripe-Should-Retry` and the like. */
  headers: v.optional(
    v.record(v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]+$/)), v.pipe(v.string(), v.regex(/^[^\r\n]*$/))),
  ),
  reset: v.optional(v.boolean()),
});

export type Fault = v.InferOutput<typeof FaultSchema>;
export type PlacedFault = { readonly id: string; readonly fault: Fault; readonly seen: number; readonly done: number };

/** Faults on demand, for tests in this process and for POST /__fake/faults. */
export type ApiFaults = {
  /** Throws a valibot error that names what is wrong. Returns the id to lift it by. */
  place(fault: unknown): string;
  lift(id: string): boolean;
  clear(): void;
  placed(): readonly PlacedFault[];
  /** Hears of each request that suffers one. */
  onStruck(listener: (struck: { readonly id: string; readonly path: string }) => void): void;
  /** The fault that this request suffers, the eldest first; counts the request. */
  strike(method: string, path: string): Fault | null;
};

export function openApiFaults(): ApiFaults {
  type Mutable = { -readonly [K in keyof PlacedFault]: PlacedFault[K] };
  const faults = new Map<string, Mutable>();
  const listeners = new Set<(struck: { readonly id: string; readonly path: string }) => void>();
  let count = 0;
  return {
    onStruck: (listener) => {
      listeners.add(listener);
    },
    place: (given) => {
      const fault = v.parse(FaultSchema, given);
      count += 1;
      const id = `fault_${count}`;
      faults.set(id, { id, fault, seen: 0, done: 0 });
      return id;
    },
    lift: (id) => faults.delete(id),
    clear: () => faults.clear(),
    placed: () => [...faults.values()].map((it) => ({ ...it })),
    strike: (method, path) => {
      let struck: Fault | null = null;
      for (const placed of faults.values()) {
        const { fault } = placed;
        if ((fault.method ?? method) !== method || !path.includes(fault.path ?? '')) continue;
        placed.seen += 1;
        const times = fault.times ?? 1;
        if (struck !== null || placed.seen < (fault.nth ?? 1) || (times !== 0 && placed.done >= times)) continue;
        placed.done += 1;
        struck = fault;
        for (const listener of listeners) listener({ id: placed.id, path });
      }
      return struck;
    },
  };
}

/** What the caller hears of a fault with a status. A refusal for being busy comes before any work, unless told otherwise. */
export function faultError(fault: Fault): StripeError {
  const { status = 500, message = 'An unknown error occurred.', code, headers = {}, afterWork = false } = fault;
  const type = fault.type ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
  const details = { type, headers, ...(code === undefined ? {} : { code }) };
  return new StripeError(status, message, details, status >= 500 || afterWork);
}
