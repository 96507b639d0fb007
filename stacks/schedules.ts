/**
 * What runs by the clock, in EventBridge Scheduler's words. Plain data: the stacks deploy it, and `payments-ops doctor` asks
 * whether what is deployed still says so.
 */

/**
 * Whether each night at two o'clock (UTC) Stripe and Salesforce are compared, and what differs is told. Off, because nothing is left
 * to compare on a normal day (docs/decisions/0006-reconcile-is-off.md).
 */
export const reconcileNightly: boolean = false;

export const FLUSH_EVERY = 'rate(1 minute)';

/** What each flush is started with: parents before children, as in core's WRITE_ORDER. */
export const FLUSH_INPUT = {
  objects: [
    'Stripe_Customer__c',
    'Stripe_Subscription__c',
    'Payment_Transaction__c',
    'Pricing_Plan__c',
    'Pricing_Tier__c',
  ],
} as const;

/** By the function's name. `off`: the schedule is there, and starts nothing. */
export const OPERATIONS = {
  Redrive: { every: 'rate(1 minute)', off: false },
  Measure: { every: 'rate(1 minute)', off: false },
  SecretAges: { every: 'rate(1 hour)', off: false },
  Recover: { every: 'rate(1 minute)', off: false },
  Sweep: { every: 'rate(1 hour)', off: false },
  Reconcile: { every: 'cron(0 2 * * ? *)', off: !reconcileNightly },
  RetryFailures: { every: 'rate(5 minutes)', off: false },
} as const satisfies Record<string, { readonly every: string; readonly off: boolean }>;

export type Operation = keyof typeof OPERATIONS;

/** `SecretAges` is `secret-ages` in the names of its schedule and its file. */
export function inKebab(operation: string): string {
  return operation.replace(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
