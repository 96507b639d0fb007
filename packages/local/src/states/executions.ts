import type { Execution } from './machines.ts';

const DAY_MS = 86_400_000;
/** docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: a closed execution and its history. */
const RETENTION_MS = 90 * DAY_MS;

/**
 * Executions by ARN, in the order of their start. The service keeps those that ended for 90 days; here at most `most`
 * that succeeded and as many that did not are kept besides, so that a long soak does not grow and what an operator has
 * to redrive is not pushed out by what went well.
 */
export class Executions {
  readonly #byArn = new Map<string, Execution>();
  /** In the order in which they ended. */
  readonly #succeeded = new Set<Execution>();
  readonly #unsuccessful = new Set<Execution>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(arn: string): Execution | undefined {
    return this.#byArn.get(arn);
  }

  add(execution: Execution): void {
    this.#byArn.set(execution.arn, execution);
  }

  /** The execution ended now: what is too much or too old is forgotten. */
  ended(execution: Execution, now: number): void {
    const kind = execution.status === 'SUCCEEDED' ? this.#succeeded : this.#unsuccessful;
    kind.add(execution);
    for (const all of [this.#succeeded, this.#unsuccessful]) {
      for (const oldest of all) {
        if (all.size <= this.#most && now - (oldest.stopDate ?? now) <= RETENTION_MS) break;
        all.delete(oldest);
        this.#byArn.delete(oldest.arn);
      }
    }
  }

  /** It runs again, after a redrive. */
  runsAgain(execution: Execution): void {
    this.#unsuccessful.delete(execution);
  }

  values(): IterableIterator<Execution> {
    return this.#byArn.values();
  }
}
