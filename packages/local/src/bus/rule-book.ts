// The rules of one bus and their targets.
import type { Arns } from './arn.ts';
import { EventsError, limitExceeded, notFound, validation } from './events-error.ts';
import { type CompiledPattern, InvalidEventPatternException, parsePattern } from './pattern.ts';
import { PatternIndex } from './pattern-index.ts';
import { checkTargetCount, type ReadyTarget, readyTarget, type Target } from './target.ts';

export type RuleState = 'ENABLED' | 'DISABLED';

export interface RuleRequest {
  readonly name: string;
  /** JSON text of the pattern. Schedules, which EventBridge also takes here, are not run by this bus. */
  readonly eventPattern: string;
  readonly state?: RuleState | undefined;
  readonly description?: string | undefined;
  readonly roleArn?: string | undefined;
}

export interface Rule extends RuleRequest {
  readonly arn: string;
  readonly busName: string;
  readonly state: RuleState;
  /** Set on rules that belong to an archive. */
  readonly managedBy?: string | undefined;
}

/** A rule as the bus runs it. */
export interface LiveRule {
  readonly rule: Rule;
  readonly pattern: CompiledPattern;
  readonly targets: Map<string, ReadyTarget>;
}

export const MAX_RULES = 300;
export const MAX_WILDCARD_RULES = 30;
const MAX_PATTERN_CHARACTERS = 2048;

/** Compiles a pattern for the API: throws EventsError `InvalidEventPatternException` with the reason. */
export function patternOf(text: string): CompiledPattern {
  try {
    return parsePattern(text);
  } catch (cause) {
    if (!(cause instanceof InvalidEventPatternException)) throw cause;
    throw new EventsError('InvalidEventPatternException', cause.message, { cause });
  }
}

export class RuleBook {
  readonly busName: string;
  readonly #arns: Arns;
  readonly #rules = new Map<string, LiveRule>();
  #index: PatternIndex<LiveRule> | undefined;

  constructor(busName: string, arns: Arns) {
    this.busName = busName;
    this.#arns = arns;
  }

  /** Creates or replaces a rule; its targets stay. Returns the rule. */
  put(request: RuleRequest, managedBy?: string): LiveRule {
    this.#refuseManaged(request.name, managedBy);
    if (request.eventPattern.length > MAX_PATTERN_CHARACTERS) {
      throw validation(
        `1 validation error detected: Value at 'eventPattern' failed to satisfy constraint: ` +
          `Member must have length less than or equal to ${MAX_PATTERN_CHARACTERS}`,
      );
    }
    const pattern = patternOf(request.eventPattern);
    this.#checkLimits(request.name, pattern);
    const rule: Rule = {
      ...request,
      arn: this.#arns.rule(this.busName, request.name),
      busName: this.busName,
      state: request.state ?? 'ENABLED',
      managedBy,
    };
    const live = { rule, pattern, targets: this.#rules.get(request.name)?.targets ?? new Map() };
    this.#set(live);
    return live;
  }

  /** Throws ResourceNotFoundException. */
  get(name: string): LiveRule {
    const live = this.#rules.get(name);
    if (live === undefined) throw notFound(`Rule ${name} does not exist on EventBus ${this.busName}.`);
    return live;
  }

  setState(name: string, state: RuleState): LiveRule {
    const live = this.get(name);
    this.#refuseManaged(name, undefined);
    const changed = { ...live, rule: { ...live.rule, state } };
    this.#set(changed);
    return changed;
  }

  /** A rule that is not there is no error; one that still has targets is. */
  delete(name: string, managedBy?: string): void {
    const live = this.#rules.get(name);
    if (live === undefined) return;
    this.#refuseManaged(name, managedBy);
    if (live.targets.size > 0 && managedBy === undefined) {
      throw validation("Rule can't be deleted since it has targets.");
    }
    this.#rules.delete(name);
    this.#index = undefined;
  }

  /** Adds targets or replaces those with the same id; all or none. */
  putTargets(name: string, targets: readonly Target[], managedBy?: string): void {
    const live = this.get(name);
    this.#refuseManaged(name, managedBy);
    const ready = targets.map(readyTarget);
    checkTargetCount(new Set([...live.targets.keys(), ...targets.map(({ id }) => id)]).size);
    for (const one of ready) live.targets.set(one.target.id, one);
  }

  removeTargets(name: string, ids: readonly string[]): void {
    const live = this.get(name);
    this.#refuseManaged(name, undefined);
    for (const id of ids) live.targets.delete(id);
  }

  /** All rules by name, as EventBridge lists them. */
  list(): LiveRule[] {
    return [...this.#rules.values()].sort((a, b) => (a.rule.name < b.rule.name ? -1 : 1));
  }

  /** The enabled rules the event matches. */
  matching(event: unknown): LiveRule[] {
    this.#index ??= new PatternIndex(
      [...this.#rules.values()].flatMap((live) =>
        live.pattern === undefined || live.rule.state === 'DISABLED' ? [] : [[live.pattern, live] as const],
      ),
    );
    return this.#index.matching(event);
  }

  #set(live: LiveRule): void {
    this.#rules.set(live.rule.name, live);
    this.#index = undefined;
  }

  #checkLimits(name: string, pattern: CompiledPattern): void {
    const others = [...this.#rules.values()].filter(({ rule }) => rule.name !== name);
    if (others.length >= MAX_RULES) throw limitExceeded();
    const wildcards = others.filter((live) => live.pattern.usesWildcard).length;
    if (pattern.usesWildcard && wildcards >= MAX_WILDCARD_RULES) throw limitExceeded();
  }

  #refuseManaged(name: string, by: string | undefined): void {
    const owner = this.#rules.get(name)?.rule.managedBy;
    if (owner === undefined || owner === by) return;
    throw new EventsError(
      'ManagedRuleException',
      `Rule ${name} is managed by ${owner}; delete the archive it belongs to instead.`,
    );
  }
}
