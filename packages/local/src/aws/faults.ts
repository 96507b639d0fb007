import * as v from 'valibot';

const counted = {
  /** The nth that fits, counted from now, is the first to suffer; 1 by default. */
  nth: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
  /** How many suffer from then on, one after the other; 1 by default. */
  times: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
};

const FunctionFault = v.strictObject({
  of: v.literal('function'),
  /** A part of the function's name: `SyncFunction`. */
  name: v.string(),
  ...counted,
  /**
   * The instance dies: before its handler runs, with the answer in its hands, or as soon as the nth of its own messages
   * to others is on the wire (then without their answer; at its end when it sends fewer).
   */
  dies: v.optional(
    v.union([
      v.picklist(['before', 'after']),
      v.strictObject({ afterSending: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
    ]),
  ),
  /** How far the instance's clock is ahead, in milliseconds, while it works on this. */
  clockOffMs: v.optional(v.pipe(v.number(), v.integer())),
});

const PutEventsFault = v.strictObject({
  of: v.literal('PutEvents'),
  ...counted,
  /** `entry refused`: HTTP 200 with FailedEntryCount 1. `answer lost`: the entries are on the bus, the caller hears 500. */
  effect: v.picklist(['entry refused', 'error', 'answer lost']),
  /** ErrorCode of the entry, or of the error. */
  code: v.optional(v.picklist(['InternalFailure', 'ThrottlingException']), 'InternalFailure'),
});

const QueueFault = v.strictObject({
  of: v.literal('queue'),
  /** A part of the queue's name. */
  name: v.string(),
  ...counted,
  /** The nth message that a consumer has finished with is not deleted: it comes again. */
  effect: v.literal('delivered again'),
});

const FaultSchema = v.variant('of', [FunctionFault, PutEventsFault, QueueFault]);
export type AwsFault = v.InferOutput<typeof FaultSchema>;
export type AwsFaultInput = v.InferInput<typeof FaultSchema>;

/** What befalls one invocation. */
export type Mishap = {
  readonly dies: 'before' | 'after' | { readonly afterSending: number } | null;
  readonly clockOffMs: number;
};

/** `text` is what suffered: the invocation's payload, the request's entries, the message's body; all JSON. */
export type Suffered = { readonly id: string; readonly fault: AwsFault; readonly text: string };

/** Faults of AWS on demand, for tests in this process and for POST /__fake/faults on the AWS port. */
export class AwsFaults {
  readonly #placed = new Map<string, { readonly fault: AwsFault; seen: number; done: number }>();
  readonly #listeners = new Set<(suffered: Suffered) => void>();
  #count = 0;

  /** Throws a valibot error that names what is wrong. Returns the id to lift it by. */
  place(input: unknown): string {
    const fault = v.parse(FaultSchema, input);
    this.#count += 1;
    const id = `fault_${this.#count}`;
    this.#placed.set(id, { fault, seen: 0, done: 0 });
    return id;
  }

  lift(id: string): boolean {
    return this.#placed.delete(id);
  }

  clear(): void {
    this.#placed.clear();
  }

  placed(): readonly { readonly id: string; readonly fault: AwsFault; readonly seen: number; readonly done: number }[] {
    return [...this.#placed].map(([id, placed]) => ({ id, ...placed }));
  }

  onSuffered(listener: (suffered: Suffered) => void): void {
    this.#listeners.add(listener);
  }

  /** Asked for every invocation; counts it. */
  invocation(functionName: string, payload: string): Mishap | null {
    const fault = this.#strike(
      (one) => one.of === 'function' && functionName.includes(one.name),
      () => payload,
    );
    if (fault?.of !== 'function') return null;
    return { dies: fault.dies ?? null, clockOffMs: fault.clockOffMs ?? 0 };
  }

  putEvents(request: unknown): Extract<AwsFault, { of: 'PutEvents' }> | null {
    const fault = this.#strike(
      (one) => one.of === 'PutEvents',
      () => JSON.stringify(request),
    );
    return fault?.of === 'PutEvents' ? fault : null;
  }

  /** Whether a message that its consumer has finished with comes again. */
  comesAgain(queueArn: string, body: string): boolean {
    const name = queueArn.slice(queueArn.lastIndexOf(':') + 1);
    return (
      this.#strike(
        (one) => one.of === 'queue' && name.includes(one.name),
        () => body,
      ) !== null
    );
  }

  /** The eldest that fits and is due strikes; all that fit have seen one more. */
  #strike(fits: (fault: AwsFault) => boolean, text: () => string): AwsFault | null {
    let struck: { readonly id: string; readonly fault: AwsFault } | null = null;
    for (const [id, placed] of this.#placed) {
      if (!fits(placed.fault)) continue;
      placed.seen += 1;
      if (struck !== null || placed.seen < placed.fault.nth || placed.done >= placed.fault.times) continue;
      placed.done += 1;
      struck = { id, fault: placed.fault };
    }
    if (struck === null) return null;
    const suffered = { ...struck, text: text() };
    for (const listener of this.#listeners) listener(suffered);
    return struck.fault;
  }
}
