// Amazon EventBridge (the classic bus) in one process.
//
//   const bus = createBus({
//     account: '000000000000', region: 'eu-west-1',
//     clock: Date.now, random: Math.random,
//     schedule: (ms, task) => { const t = setTimeout(task, ms); return () => clearTimeout(t); },
//     deliver: async (target, payload) => { … throw new DeliveryError('NO_RESOURCE', '…', { retryable: false }); },
//     deadLetter: async (queueArn, { body, attributes }) => { … },
//   });
//   bus.createEventBus('payments');                      // `default` is there already
//   bus.putRule({ name, busName, eventPattern, state });  // eventPattern is JSON text
//   bus.putTargets({ rule, busName }, [{ id, arn, roleArn, input, inputPath, inputTransformer, retryPolicy,
//                                        deadLetterArn, sqsParameters }]);
//   bus.archives.create({ name, eventSourceArn, eventPattern, retentionDays });
//   bus.putEvents([{ eventBusName, source, detailType, detail, time, resources }]);   // as an application
//   bus.publishServiceEvent({ source: 'aws.states', … });                             // as an AWS service
//   await bus.idle();                                     // nothing in flight, waiting to be retried or replaying
//   await bus.stop();                                     // gives up what waits, lets running deliveries end
//
// Everything that EventBridge refuses is an EventsError with AWS's code. Nothing is kept on disk.
import { randomUUID } from 'node:crypto';
import { Archives } from './archive.ts';
import { type Arns, arns, busNameOf, DEFAULT_BUS } from './arn.ts';
import { type BusMetric, Deliveries, type DeliveryOptions } from './delivery.ts';
import {
  type BusEvent,
  checkRequest,
  type EntryFailure,
  envelopeOf,
  type PutEventsEntry,
  type PutEventsResult,
} from './envelope.ts';
import { alreadyExists, EventsError, notFound, validation } from './events-error.ts';
import { type BusGuesses, DEFAULT_GUESSES } from './guesses.ts';
import { InFlight } from './in-flight.ts';
import { Replays } from './replay.ts';
import { type LiveRule, patternOf, type Rule, RuleBook, type RuleRequest, type RuleState } from './rule-book.ts';
import type { ReadyTarget, Target } from './target.ts';

export type { Archive, ArchiveRequest } from './archive.ts';
export type { BusMetric, DeadLetter, DeliveryContext } from './delivery.ts';
export { DeliveryError } from './delivery.ts';
export type { PutEventsEntry, PutEventsResult } from './envelope.ts';
export { EventsError } from './events-error.ts';
export type { BusGuesses } from './guesses.ts';
export type { Replay, ReplayRequest } from './replay.ts';
export type { Rule, RuleRequest } from './rule-book.ts';
export type { Target } from './target.ts';

export interface BusOptions extends DeliveryOptions {
  readonly account: string;
  readonly region: string;
  /** Event ids; random UUIDs when left out. */
  newId?(): string;
  /**
   * An event for a bus that does not exist: `accept` answers with an event id and drops it, as EventBridge does
   * (aws/aws-sdk#186); `refuse` fails the entry with ResourceNotFoundException, which finds a wrong name sooner.
   */
  readonly unknownBus?: 'accept' | 'refuse';
}

/** A rule, by name on the default bus, or with its bus. */
export type RuleReference = string | { readonly rule: string; readonly busName?: string | undefined };

export interface EventBus {
  readonly name: string;
  readonly arn: string;
  readonly description?: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Creates the buses of one account and region; `default` exists from the start. */
export function createBus(options: BusOptions): Bus {
  return new Bus(options);
}

const ARCHIVER = 'prod.vhs.events.aws.internal';

export class Bus {
  readonly archives: Archives;
  readonly replays: Replays;
  readonly #options: BusOptions;
  readonly #guesses: BusGuesses;
  readonly #arns: Arns;
  readonly #buses = new Map<string, { readonly bus: EventBus; readonly rules: RuleBook }>();
  readonly #archivers = new Map<string, string>();
  readonly #inFlight = new InFlight();
  readonly #deliveries: Deliveries;
  #stopped = false;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#guesses = { ...DEFAULT_GUESSES, ...options.guesses };
    this.#arns = arns(options.account, options.region);
    this.#deliveries = new Deliveries(options, this.#inFlight);
    const { clock, random, schedule } = options;
    const busArn = (nameOrArn: string) => this.describeEventBus(nameOrArn).arn;
    this.archives = new Archives({
      clock,
      archiveDelayMs: this.#guesses.archiveDelayMs,
      busArn,
      archiveArn: this.#arns.archive,
      attach: (busName, archive, pattern) => this.#attach(busName, archive, pattern),
      detach: (busName, archive) => this.#detach(busName, archive),
    });
    this.replays = new Replays(
      {
        clock,
        random,
        schedule,
        guesses: this.#guesses,
        busArn,
        replayArn: this.#arns.replay,
        route: (event, filter, replayName) => this.#route(event, filter, replayName),
      },
      this.archives,
      this.#inFlight,
    );
    this.createEventBus(DEFAULT_BUS);
  }

  createEventBus(name: string, description?: string): EventBus {
    if (this.#buses.has(name)) throw alreadyExists(`Event bus ${name} already exists.`);
    if (name.includes('/')) throw validation("Event bus name must not contain '/'.");
    const bus = { name, arn: this.#arns.bus(name), description, createdAt: this.#options.clock() };
    this.#buses.set(name, { bus, rules: new RuleBook(name, this.#arns) });
    return bus;
  }

  deleteEventBus(name: string): void {
    if (busNameOf(name) === DEFAULT_BUS) throw validation('Cannot delete event bus default.');
    const known = this.#buses.get(busNameOf(name));
    if (known !== undefined && known.rules.list().length > 0) {
      throw validation(`Event bus ${known.bus.name} cannot be deleted since it has rules.`);
    }
    this.#buses.delete(busNameOf(name));
  }

  /** Throws ResourceNotFoundException. */
  describeEventBus(nameOrArn?: string): EventBus {
    return this.#bus(nameOrArn).bus;
  }

  listEventBuses(namePrefix = ''): EventBus[] {
    return [...this.#buses.values()].map(({ bus }) => bus).filter(({ name }) => name.startsWith(namePrefix));
  }

  /** Creates a rule or replaces it under the same name; its targets stay. */
  putRule(request: RuleRequest & { readonly busName?: string | undefined }): Rule {
    const { busName, ...rule } = request;
    return this.#bus(busName).rules.put(rule).rule;
  }

  describeRule(reference: RuleReference): Rule {
    return this.#live(reference).rule;
  }

  setRuleState(reference: RuleReference, state: RuleState): void {
    const { rule, rules } = this.#locate(reference);
    rules.setState(rule, state);
  }

  deleteRule(reference: RuleReference): void {
    const { rule, rules } = this.#locate(reference);
    rules.delete(rule);
  }

  listRules(busName?: string): Rule[] {
    return this.#bus(busName)
      .rules.list()
      .map(({ rule }) => rule);
  }

  /** Adds targets, or replaces those with the same id. */
  putTargets(reference: RuleReference, targets: readonly Target[]): void {
    const { rule, rules } = this.#locate(reference);
    rules.putTargets(rule, targets);
  }

  removeTargets(reference: RuleReference, ids: readonly string[]): void {
    const { rule, rules } = this.#locate(reference);
    rules.removeTargets(rule, ids);
  }

  listTargets(reference: RuleReference): Target[] {
    return [...this.#live(reference).targets.values()].map(({ target }) => target);
  }

  ruleNamesByTarget(targetArn: string, busName?: string): string[] {
    return this.#bus(busName)
      .rules.list()
      .filter(({ targets }) => [...targets.values()].some(({ target }) => target.arn === targetArn))
      .map(({ rule }) => rule.name);
  }

  /** Whether the event matches; both are JSON text. Throws InvalidEventPatternException or ValidationException. */
  testEventPattern(eventPattern: string, event: string): boolean {
    const pattern = patternOf(eventPattern);
    let value: unknown;
    try {
      value = JSON.parse(event);
    } catch (cause) {
      throw validation('Parameter Event is not valid. Reason: Event is not valid JSON.', { cause });
    }
    const missing = MANDATORY.filter(
      (field) => typeof value !== 'object' || value === null || !Object.hasOwn(value, field),
    );
    if (missing.length > 0) {
      throw validation(`Parameter Event is not valid. Reason: Required fields are missing: ${missing.join(', ')}.`);
    }
    return pattern.matches(value);
  }

  /**
   * One result per entry, in order. Matching is done when it returns; targets run afterwards.
   * Throws ValidationException when the request as a whole breaks a limit.
   */
  putEvents(entries: readonly PutEventsEntry[]): PutEventsResult[] {
    if (this.#stopped) throw new EventsError('InternalException', 'The bus is stopped.', { status: 500 });
    checkRequest(entries, this.#guesses);
    return entries.map((entry) => (entry.source?.startsWith('aws.') ? NOT_AUTHORIZED : this.#accept(entry)));
  }

  /** An event from an AWS service, such as `aws.states`. Throws if it is malformed: that is a bug in the caller. */
  publishServiceEvent(entry: PutEventsEntry): void {
    if (this.#stopped) return;
    const result = this.#accept(entry);
    if ('errorCode' in result) throw new EventsError(result.errorCode, result.errorMessage);
  }

  /** Resolves when nothing is being delivered, waiting for a retry, or being replayed. */
  idle(): Promise<void> {
    return this.#inFlight.idle();
  }

  /** How many deliveries and replays are under way, waiting retries included. */
  get inFlight(): number {
    return this.#inFlight.count;
  }

  /** Takes no more events, gives up waiting retries and replays, and resolves when running deliveries have ended. */
  async stop(): Promise<{ readonly retriesGivenUp: number; readonly replaysGivenUp: number }> {
    this.#stopped = true;
    const given = { retriesGivenUp: this.#deliveries.stop(), replaysGivenUp: this.replays.stop() };
    await this.idle();
    return given;
  }

  #accept(entry: PutEventsEntry): PutEventsResult {
    const { account, region, clock, newId = randomUUID, unknownBus = 'accept' } = this.#options;
    const event: BusEvent | EntryFailure = envelopeOf(entry, { id: newId(), account, region, now: clock() });
    if ('errorCode' in event) return event;
    if (this.#buses.has(event.busName)) void this.#route(event);
    else if (unknownBus === 'refuse') {
      return { errorCode: 'ResourceNotFoundException', errorMessage: `Event bus ${event.busName} does not exist.` };
    }
    return { eventId: event.id };
  }

  /** Sends an event to every target of every rule it matches. Resolves after the first tries. */
  async #route(event: BusEvent, filterArns?: ReadonlySet<string>, replayName?: string): Promise<void> {
    const rules = this.#buses.get(event.busName)?.rules.matching(event.json) ?? [];
    const matched = rules.filter(({ rule }) => filterArns === undefined || filterArns.has(rule.arn));
    if (matched.length > 0) this.#count('MatchedEvents', event.busName);
    await Promise.all(matched.flatMap((live) => this.#trigger(live, event, replayName)));
  }

  #trigger({ rule, targets }: LiveRule, event: BusEvent, replayName?: string): Promise<void>[] {
    const archive = this.#archivers.get(rule.arn);
    if (archive !== undefined) {
      this.archives.keep(archive, event);
      return [];
    }
    this.#count('TriggeredRules', event.busName, rule.name);
    return [...targets.values()].map((target) => this.#send(rule, target, event, replayName));
  }

  #send(rule: Rule, { target, transform }: ReadyTarget, event: BusEvent, replayName?: string): Promise<void> {
    const ingestionTime = new Date(event.acceptedAt).toISOString();
    const payload = transform(event, {
      ruleArn: rule.arn,
      ruleName: rule.name,
      ingestionTime,
      guesses: this.#guesses,
    });
    const context = {
      busName: event.busName,
      ruleName: rule.name,
      ruleArn: rule.arn,
      eventId: event.id,
      replayName,
    };
    return this.#deliveries.start({ target, payload, eventText: event.text, acceptedAt: event.acceptedAt, context });
  }

  #attach(busName: string, archive: string, eventPattern: string | undefined): void {
    const { rules } = this.#bus(busName);
    const ruleName = `Events-Archive-${archive}`;
    const { rule } = rules.put({ name: ruleName, eventPattern: withoutReplays(eventPattern) }, ARCHIVER);
    this.#archivers.set(rule.arn, archive);
    rules.putTargets(ruleName, [{ id: ruleName, arn: this.#arns.archiver }], ARCHIVER);
  }

  #detach(busName: string, archive: string): void {
    const ruleName = `Events-Archive-${archive}`;
    this.#buses.get(busName)?.rules.delete(ruleName, ARCHIVER);
    this.#archivers.delete(this.#arns.rule(busName, ruleName));
  }

  #bus(nameOrArn: string | undefined): { readonly bus: EventBus; readonly rules: RuleBook } {
    const name = busNameOf(nameOrArn);
    const known = this.#buses.get(name);
    if (known === undefined) throw notFound(`Event bus ${name} does not exist.`);
    return known;
  }

  #locate(reference: RuleReference): { readonly rule: string; readonly rules: RuleBook } {
    const { rule, busName } = typeof reference === 'string' ? { rule: reference, busName: undefined } : reference;
    return { rule, rules: this.#bus(busName).rules };
  }

  #live(reference: RuleReference): LiveRule {
    const { rule, rules } = this.#locate(reference);
    return rules.get(rule);
  }

  #count(name: BusMetric['name'], busName: string, ruleName?: string): void {
    const dimensions = { EventBusName: busName, ...(ruleName === undefined ? {} : { RuleName: ruleName }) };
    this.#options.onMetric?.({ name, value: 1, dimensions });
  }
}

const NOT_AUTHORIZED: EntryFailure = {
  errorCode: 'NotAuthorizedForSourceException',
  errorMessage: 'Not authorized for the source.',
};

/** What TestEventPattern wants an event to have. */
const MANDATORY = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];

/** EventBridge keeps replayed events out of the archive by this field, and so can any rule. */
function withoutReplays(eventPattern: string | undefined): string {
  if (eventPattern === undefined) return '{"replay-name":[{"exists":false}]}';
  patternOf(eventPattern);
  const pattern: unknown = JSON.parse(eventPattern);
  return JSON.stringify({ ...(typeof pattern === 'object' ? pattern : {}), 'replay-name': [{ exists: false }] });
}
