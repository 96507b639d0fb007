/**
 * The same graph with shorter waits, for runs that would otherwise only wait: the order of tries and their number stay,
 * the time between them shrinks. Wait states that read their time from the state keep it.
 */
import type { Graph } from '../graph/graph.ts';

export type Haste = {
  /** Divides the pauses between the tries of state machines and of EventBridge. */
  readonly retries: number;
  /** Divides how long SQS hides a message from others (a second is the least), and how long a batch gathers. */
  readonly queues: number;
};

export const UNHURRIED: Haste = { retries: 1, queues: 1 };

export function hastened(graph: Graph, { retries, queues }: Haste): Graph {
  return {
    ...graph,
    machines: graph.machines.map((machine) => ({ ...machine, definition: quickRetries(machine.definition, retries) })),
    queues: graph.queues.map((queue) => ({
      ...queue,
      visibilityTimeoutSeconds: Math.max(1, Math.round(queue.visibilityTimeoutSeconds / queues)),
    })),
    mappings: graph.mappings.map((mapping) => ({ ...mapping, windowSeconds: mapping.windowSeconds / queues })),
  };
}

/** By name: in ASL these fields occur in retriers only. */
function quickRetries(definition: string, by: number): string {
  return JSON.stringify(JSON.parse(definition), (name, value) =>
    (name === 'IntervalSeconds' || name === 'MaxDelaySeconds') && typeof value === 'number' ? value / by : value,
  );
}
