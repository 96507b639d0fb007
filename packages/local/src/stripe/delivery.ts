import { createHmac } from 'node:crypto';
import type { JsonObject } from '@payments/core/event';
import type { StripeAccount } from './account.ts';
import type { AccountEvent, Books } from './books.ts';
import { printAsStripe } from './json.ts';
import { randomFrom } from './random.ts';

/** What a sender has in mind for one event. */
export type Fate = {
  /** How many later events overtake it. */
  readonly heldBack?: number;
  /** How often it is sent again after it was acknowledged. */
  readonly copies?: number;
};

/** One event's way to the endpoint. Times are real milliseconds since 1970. */
export type DeliveryReport = {
  readonly id: string;
  readonly type: string;
  readonly firstSentAt: number;
  /** When the first 2xx came; null while none has. */
  readonly acknowledgedAt: number | null;
  /** All sendings, repeats after a success included. */
  readonly attempts: number;
  /** The last answer's status; null when none came (refused, cut, timed out). */
  readonly status: number | null;
};

export type DeliveryOptions = {
  readonly account: StripeAccount;
  /** Asked at every attempt if it can change; null: deleted, nothing more is sent. */
  readonly url: string | (() => string | null);
  /** Asked at every attempt: during a roll two are active, and each makes a `v1`. */
  readonly secrets: () => readonly string[];
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Real milliseconds: signatures bear the real time, whatever the simulated one. */
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly seed: number;
  readonly concurrency?: number;
  /** How often an acknowledged event is sent once more. 0 to 1. */
  readonly duplicateRate?: number;
  /** How many later events may overtake one. 0: in order, as far as concurrency allows. */
  readonly reorderWindow?: number;
  /** Asked once for each event, in the order in which they are made; beside the two shares above. */
  readonly fateOf?: (event: AccountEvent) => Fate;
  /** Exponential: Stripe's hours, compressed. */
  readonly retry?: {
    readonly firstMs: number;
    readonly factor: number;
    readonly maxMs: number;
    readonly attempts: number;
  };
  readonly timeoutMs?: number;
  /** Which events this receiver is told of; all by default. */
  readonly accepts?: (event: AccountEvent) => boolean;
  /** How it is shown them: a webhook endpoint's version. As they are by default. */
  readonly render?: (event: AccountEvent) => JsonObject;
};

export type Delivery = {
  reports(): Iterable<DeliveryReport>;
  onReport(listener: (report: DeliveryReport) => void): () => void;
  /** Lets go what waits to be overtaken, and resolves when nothing is under way or waits for a retry. */
  idle(): Promise<void>;
  /** Sends nothing more and resolves when what is under way has ended. */
  stop(): Promise<void>;
};

/** `copies` are still to be sent once it is acknowledged. */
type Parcel = {
  readonly event: AccountEvent;
  readonly place: number;
  readonly repeat: boolean;
  readonly copies: number;
};
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const RETRY = { firstMs: 200, factor: 2, maxMs: 10_000, attempts: 12 };

/** `t=…,v1=…` over `t.body`, one `v1` for each active secret. `seconds` is the real time. */
export function signatureHeader(body: string, secrets: readonly string[], seconds: number): string {
  const signatures = secrets.map((secret) => createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex'));
  return [`t=${seconds}`, ...signatures.map((signature) => `v1=${signature}`)].join(',');
}

/** One receiver fewer owes its 2xx; after the last one the event counts as delivered. */
function acknowledge(books: Books, id: string): void {
  const left = (books.awaited.get(id) ?? 1) - 1;
  if (left > 0) {
    books.awaited.set(id, left);
    return;
  }
  books.awaited.delete(id);
}

/** Sends every event of the account from now on to one endpoint, as Stripe does: signed, retried, twice, out of order. */
export function startDelivery(options: DeliveryOptions): Delivery {
  const random = randomFrom(options.seed);
  const retry = options.retry ?? RETRY;
  const window = options.reorderWindow ?? 0;
  const concurrency = options.concurrency ?? 8;
  const reports = new Map<string, Mutable<DeliveryReport>>();
  const listeners = new Set<(report: DeliveryReport) => void>();
  const waiters = new Set<() => void>();
  let waiting: Parcel[] = [];
  let made = 0;
  let sending = 0;
  let pausing = 0;
  let letGo = false;
  let stopped = false;

  const enqueue = (event: AccountEvent, repeat: boolean, { heldBack = 0, copies = 0 }: Fate = {}): void => {
    waiting.push({ event, place: made + heldBack + random.next() * window, repeat, copies });
    pump();
  };

  /** A parcel goes when as many later events were made as may overtake it. */
  const next = (): Parcel | undefined => {
    let first: Parcel | undefined;
    for (const parcel of waiting) if (first === undefined || parcel.place < first.place) first = parcel;
    if (first === undefined || (!letGo && first.place > made)) return undefined;
    waiting = waiting.filter((parcel) => parcel !== first);
    return first;
  };

  const pump = (): void => {
    while (!stopped && sending < concurrency) {
      const parcel = next();
      if (parcel === undefined) break;
      sending += 1;
      void send(parcel).finally(() => {
        sending -= 1;
        pump();
      });
    }
    if (sending === 0 && pausing === 0 && (stopped || waiting.length === 0)) {
      for (const waiter of waiters) waiter();
      waiters.clear();
    }
  };

  const post = async (event: AccountEvent): Promise<number | null> => {
    const url = typeof options.url === 'string' ? options.url : options.url();
    if (url === null) return null;
    const body = printAsStripe(options.render?.(event) ?? event);
    try {
      const answer = await options.fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          'stripe-signature': signatureHeader(body, options.secrets(), Math.floor(options.clock() / 1000)),
        },
        body,
        signal: AbortSignal.timeout(options.timeoutMs ?? 30_000),
      });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      // A refused or cut connection is an attempt without an answer; it is tried again like any failure.
      return null;
    }
  };

  const send = async ({ event, repeat, copies }: Parcel): Promise<void> => {
    const report = reports.get(event.id) ?? {
      id: event.id,
      type: event.type,
      firstSentAt: options.clock(),
      acknowledgedAt: null,
      attempts: 0,
      status: null,
    };
    reports.set(event.id, report);
    report.attempts += 1;
    report.status = await post(event);
    const accepted = report.status !== null && report.status >= 200 && report.status < 300;
    if (accepted) {
      if (report.acknowledgedAt === null) acknowledge(options.account.books, event.id);
      report.acknowledgedAt ??= options.clock();
    }
    for (const listener of listeners) listener({ ...report });
    if (accepted) for (let copy = 0; copy < copies; copy += 1) enqueue(event, true);
    if (accepted && !repeat && random.chance(options.duplicateRate ?? 0)) enqueue(event, true);
    const gone = typeof options.url === 'function' && options.url() === null;
    if (accepted || gone || report.attempts >= retry.attempts) return;
    pausing += 1;
    const pause = Math.min(retry.maxMs, retry.firstMs * retry.factor ** (report.attempts - 1));
    void options.sleep(pause).then(() => {
      pausing -= 1;
      enqueue(event, repeat, { copies });
    });
  };

  const unsubscribe = options.account.onEvent((event) => {
    if (options.accepts?.(event) === false) return;
    const { awaited } = options.account.books;
    awaited.set(event.id, (awaited.get(event.id) ?? 0) + 1);
    made += 1;
    letGo = false;
    enqueue(event, false, options.fateOf?.(event));
  });
  const quiet = (): Promise<void> =>
    new Promise((resolve) => {
      waiters.add(resolve);
      pump();
    });

  return {
    reports: () => reports.values(),
    onReport: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    idle: () => {
      letGo = true;
      return quiet();
    },
    stop: () => {
      stopped = true;
      unsubscribe();
      waiting = [];
      return quiet();
    },
  };
}
