/**
 * The bus rules, made from the route table. Plain data: the infrastructure tests ask of every event type and priority
 * that exactly one of these patterns matches it.
 *
 * EventBridge runs every rule that matches and takes patterns of at most 2,048 characters
 * (docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html), which is why what no lane takes needs three rules.
 */
import { type Machine, SOURCE, typesIn } from '../packages/core/src/routes.ts';

export const MACHINES = ['payments', 'subscriptions', 'checkout'] as const satisfies readonly Machine[];

const realtime = typesIn('realtime');
const bulk = typesIn('bulk');
const routed = [...new Set([...realtime, ...bulk])];

export function realtimePattern(machine: Machine): object {
  return { source: [SOURCE], 'detail-type': typesIn('realtime', machine), detail: { priority: ['high'] } };
}

export const bulkPattern: object = { source: [SOURCE], 'detail-type': bulk, detail: { priority: ['low'] } };

/** Whatever the ingress publishes and no lane takes, without an overlap between the three. */
export const unroutedPatterns = {
  /** A type that is not in the table. */
  type: { source: [SOURCE], 'detail-type': [{ 'anything-but': routed }] },
  /** A type that is in the table, in the other lane only. */
  lane: {
    source: [SOURCE],
    $or: [
      { 'detail-type': bulk.filter((type) => !realtime.includes(type)), detail: { priority: ['high'] } },
      { 'detail-type': realtime.filter((type) => !bulk.includes(type)), detail: { priority: ['low'] } },
    ],
  },
  /** A known type whose priority is neither high nor low, or is missing. */
  priority: {
    source: [SOURCE],
    'detail-type': routed,
    detail: { priority: [{ 'anything-but': ['high', 'low'] }, { exists: false }] },
  },
} as const;

export const archivePattern: object = { source: [SOURCE] };

/** On AWS's own bus: executions of these machines that ended badly. */
export function failedPattern(machineArns: readonly string[]): object {
  return {
    source: ['aws.states'],
    'detail-type': ['Step Functions Execution Status Change'],
    detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: machineArns },
  };
}
