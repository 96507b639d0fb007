import { flushMachine } from '../../../../stacks/flush.asl.ts';
import {
  archivePattern,
  bulkPattern,
  failedPattern,
  MACHINES,
  realtimePattern,
  unroutedPatterns,
} from '../../../../stacks/patterns.ts';
import { realtimeMachine } from '../../../../stacks/realtime.asl.ts';
import { FLUSH_EVERY, FLUSH_INPUT, inKebab, OPERATIONS } from '../../../../stacks/schedules.ts';
import {
  ARCHIVE_DAYS,
  BULK,
  KEPT_SECONDS,
  ONE_TRY,
  PATIENT_TRIES,
  type Tries,
  URGENT_TRIES,
} from '../../../../stacks/waiting.ts';
import {
  BULK_QUEUE,
  DEAD_LETTER_QUEUE_NAMES,
  type DeadLetterQueue,
  FLUSH_MACHINE,
  MACHINE_NAMES,
} from '../deployment/places.ts';

/**
 * What the stacks of this checkout deploy, by the names of called.ts and with words as keys, which findings say. A test holds it
 * against the synthesised stacks: what is added there and forgotten here fails it.
 */
export type Shape = Readonly<Record<string, unknown>>;

const machine = (name: string) => `machine ${name}`;
const queue = (name: DeadLetterQueue | typeof BULK_QUEUE) => `queue ${name}`;
const lambda = (name: string) => `function ${name}`;

export const triesShape = ({ maximumEventAgeInSeconds, maximumRetryAttempts }: Tries) => ({
  'seconds that it is tried': maximumEventAgeInSeconds,
  retries: maximumRetryAttempts,
});

/** How SQS hides a message that nobody said more about. */
const SQS_DEFAULT_HIDDEN_SECONDS = 30;

type Rule = {
  readonly pattern: object;
  readonly target: string;
  readonly deadLetters: DeadLetterQueue;
  readonly tries: Tries;
};

const ruleShape = ({ pattern, target, deadLetters, tries }: Rule): Shape => ({
  pattern,
  target,
  hands: 'the whole event',
  'dead-letter queue': queue(deadLetters),
  ...triesShape(tries),
});

/** On the deployment's own bus. */
export const WANTED_RULES: ReadonlyMap<string, Shape> = new Map([
  ...MACHINES.map((family): [string, Shape] => [
    family,
    ruleShape({
      pattern: realtimePattern(family),
      target: machine(MACHINE_NAMES[family]),
      deadLetters: 'RealtimeUndelivered',
      tries: URGENT_TRIES,
    }),
  ]),
  [
    'bulk',
    ruleShape({
      pattern: bulkPattern,
      target: queue(BULK_QUEUE),
      deadLetters: 'BulkUndelivered',
      tries: PATIENT_TRIES,
    }),
  ],
  ...Object.entries(unroutedPatterns).map(([what, pattern]): [string, Shape] => [
    `unrouted-${what}`,
    ruleShape({ pattern, target: queue('Unrouted'), deadLetters: 'UnroutedUndelivered', tries: PATIENT_TRIES }),
  ]),
]);

/** On AWS's own bus, where executions that failed are told. */
export const WANTED_DEFAULT_RULES: ReadonlyMap<string, Shape> = new Map([
  [
    'failed-executions',
    ruleShape({
      pattern: failedPattern(MACHINES.map((family) => machine(MACHINE_NAMES[family]))),
      target: queue('FailedExecutions'),
      deadLetters: 'FailedExecutionsUndelivered',
      tries: PATIENT_TRIES,
    }),
  ],
]);

export const WANTED_QUEUES: ReadonlyMap<string, Shape> = new Map([
  [
    BULK_QUEUE,
    {
      'seconds hidden': BULK.hiddenSeconds,
      'seconds kept': KEPT_SECONDS,
      'dead-letter queue': queue('BulkPoisoned'),
      receives: BULK.receives,
    },
  ],
  ...DEAD_LETTER_QUEUE_NAMES.map((name): [string, Shape] => [
    name,
    {
      'seconds hidden': SQS_DEFAULT_HIDDEN_SECONDS,
      'seconds kept': KEPT_SECONDS,
      'dead-letter queue': null,
      receives: null,
    },
  ]),
]);

export const WANTED_MACHINES: ReadonlyMap<string, unknown> = new Map([
  ...Object.values(MACHINE_NAMES).map((name): [string, unknown] => [name, withFunctions(realtimeMachine, {})]),
  // There is a function Settle already.
  [FLUSH_MACHINE, withFunctions(flushMachine, { Settle: 'SettleBatch' })],
]);

export const WANTED_ARCHIVE: Shape = {
  'event source': 'the bus',
  pattern: archivePattern,
  'days kept': ARCHIVE_DAYS,
  state: 'ENABLED',
};

type Schedule = {
  readonly every: string;
  readonly off: boolean;
  readonly target: string;
  readonly input: unknown;
  readonly deadLetters: DeadLetterQueue;
};

const scheduleShape = ({ every, off, target, input, deadLetters }: Schedule): Shape => ({
  time: every,
  state: off ? 'DISABLED' : 'ENABLED',
  target,
  input,
  'dead-letter queue': queue(deadLetters),
  ...triesShape(ONE_TRY),
});

export const WANTED_SCHEDULES: ReadonlyMap<string, Shape> = new Map([
  [
    'flush',
    scheduleShape({
      every: FLUSH_EVERY,
      off: false,
      target: machine(FLUSH_MACHINE),
      input: FLUSH_INPUT,
      deadLetters: 'FlushUnstarted',
    }),
  ],
  ...Object.entries(OPERATIONS).map(([name, { every, off }]): [string, Shape] => [
    inKebab(name),
    scheduleShape({ every, off, target: lambda(name), input: null, deadLetters: 'OperationsUnstarted' }),
  ]),
]);

/** What takes messages out of the bulk lane's queue; nothing else may. */
export const WANTED_MAPPING: Shape = {
  function: lambda('Aggregate'),
  state: 'Enabled',
  'messages at once': BULK.batchSize,
  'seconds gathered': BULK.windowSeconds,
  'functions at once': BULK.concurrency,
  answers: ['ReportBatchItemFailures'],
};

/** `${Claim}` is where the stacks put the function's ARN. */
function withFunctions(definition: object, others: Readonly<Record<string, string>>): unknown {
  return JSON.parse(
    JSON.stringify(definition).replace(/\$\{(\w+)\}/g, (_, name: string) => lambda(others[name] ?? name)),
  );
}
