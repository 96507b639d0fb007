import * as v from 'valibot';

/** What travels in the flush machine's state, from step to step. Rows stay in Redis. */

const SObject = v.picklist([
  'Stripe_Customer__c',
  'Stripe_Subscription__c',
  'Payment_Transaction__c',
  'Pricing_Plan__c',
  'Pricing_Tier__c',
]);

/** Of `Take` and `Release`. `execution`: the execution's ARN; it holds the object's lease. */
export const TakeInput = v.object({ object: SObject, execution: v.pipe(v.string(), v.minLength(1)) });

const held = { object: SObject, batchId: v.pipe(v.string(), v.minLength(1)), token: v.string() };
export const HeldInput = v.object(held);

export type TakeResult = Nothing | Taken;
type Nothing = {
  readonly outcome: 'nothing';
  readonly object: v.InferOutput<typeof SObject>;
  /** `busy`: another flush has the object. */
  readonly why: 'empty' | 'busy' | 'circuit-open' | 'no-budget';
};
type Taken = v.InferOutput<typeof HeldInput> & { readonly outcome: 'taken'; readonly rows: number };

/** `done`: nothing is left to wait for; else wait `waitSeconds`, then ask (`Await`) and pass its answer on. */
export const WrittenState = v.object({
  ...held,
  transport: v.picklist(['collections', 'bulk']),
  jobId: v.nullable(v.string()),
  polls: v.number(),
  waitSeconds: v.number(),
  done: v.boolean(),
});
export type Written = v.InferOutput<typeof WrittenState>;

export type ReadResult = v.InferOutput<typeof HeldInput> & {
  readonly written: number;
  readonly refused: number;
  readonly failed: number;
};

/** `more`: rows are due now, take again. */
export type SettleResult = {
  readonly object: v.InferOutput<typeof SObject>;
  readonly batchId: string;
  readonly more: boolean;
};

export type ReleaseResult = {
  readonly object: v.InferOutput<typeof SObject>;
  /** `false`: it had lost the object already. */
  readonly released: boolean;
};
