/**
 * The places of a deployment by the names that the stacks give them. A test compares this table with the synthesised
 * stacks, so that a queue that is added there is not forgotten here.
 */
import type { Machine } from '@payments/core/routes';

/** State machines that events start, by the name in core's table. */
export const MACHINE_NAMES = {
  payments: 'Payments',
  subscriptions: 'Subscriptions',
  checkout: 'Checkout',
} as const satisfies Record<Machine, string>;

export const FLUSH_MACHINE = 'Flush';
export const BULK_QUEUE = 'Bulk';

/** What a message of a dead-letter queue is, which decides what can be done with it. */
export type LetterKind =
  /** The bus event that a rule could not deliver. */
  | 'event'
  /** EventBridge's notice about an execution that ended badly. */
  | 'notice'
  /** A row of the bulk lane that was given up (functions/src/bulk/parked-letter.ts). */
  | 'row'
  /** The start of a scheduled run that could not be made; the next run makes up for it. */
  | 'start';

export const DEAD_LETTER_QUEUES = {
  RealtimeUndelivered: { kind: 'event', means: 'urgent events for which no execution could be started' },
  FailedExecutions: { kind: 'notice', means: 'executions that failed, timed out or were stopped' },
  BulkUndelivered: { kind: 'event', means: 'bulk events that did not reach their queue' },
  BulkPoisoned: { kind: 'event', means: 'messages that the aggregator could not read, or that failed for hours' },
  BulkParked: { kind: 'row', means: 'rows that the bulk lane gave up' },
  Unrouted: { kind: 'event', means: 'events that no lane takes' },
  UnroutedUndelivered: { kind: 'event', means: 'events that no lane takes, and that could not be kept' },
  FailedExecutionsUndelivered: { kind: 'notice', means: 'notices of failed executions that could not be kept' },
  FlushUnstarted: { kind: 'start', means: "a minute's flush that could not be started" },
  OperationsUnstarted: { kind: 'start', means: 'a scheduled operation that could not be started' },
} as const satisfies Record<string, { readonly kind: LetterKind; readonly means: string }>;

export type DeadLetterQueue = keyof typeof DEAD_LETTER_QUEUES;

export const DEAD_LETTER_QUEUE_NAMES: readonly DeadLetterQueue[] = [
  'RealtimeUndelivered',
  'FailedExecutions',
  'BulkUndelivered',
  'BulkPoisoned',
  'BulkParked',
  'Unrouted',
  'UnroutedUndelivered',
  'FailedExecutionsUndelivered',
  'FlushUnstarted',
  'OperationsUnstarted',
];
