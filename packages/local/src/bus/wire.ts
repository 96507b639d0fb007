// EventBridge's API: AWS JSON 1.1, `X-Amz-Target: AWSEvents.<operation>`. The HTTP server lives elsewhere.
import type * as v from 'valibot';
import type { Archive, Bus, Replay, Rule, RuleReference, Target } from './bus.ts';
import { EventsError, validation } from './events-error.ts';
import { readRequest, requests, type TargetRequest } from './wire-requests.ts';

export interface EventsAnswer {
  readonly status: number;
  /** To be sent as JSON. For an error `{ __type, message }`. */
  readonly body: object;
}

/**
 * Answers one operation on the given buses. `body` is the parsed request body.
 * Never rejects: what EventBridge refuses, and what fails here, becomes an answer with AWS's `__type`.
 */
export async function handleEvents(bus: Bus, operation: string, body: unknown): Promise<EventsAnswer> {
  try {
    const run = operations.get(operation);
    if (run === undefined) {
      throw new EventsError('UnknownOperationException', `AWSEvents.${operation} is not imitated by the local bus.`);
    }
    return { status: 200, body: run(bus, body) };
  } catch (error) {
    if (error instanceof EventsError) {
      return { status: error.status, body: { __type: error.code, message: error.message } };
    }
    const message = error instanceof Error ? error.message : String(error);
    return { status: 500, body: { __type: 'InternalException', message } };
  }
}

type Operation = (bus: Bus, body: unknown) => object;

function operation<Schema extends v.GenericSchema>(
  schema: Schema,
  run: (bus: Bus, request: v.InferOutput<Schema>) => object,
): Operation {
  return (bus, body) => run(bus, readRequest(schema, body));
}

/** An operation that answers `{}`. */
function silent<Schema extends v.GenericSchema>(
  schema: Schema,
  run: (bus: Bus, request: v.InferOutput<Schema>) => void,
): Operation {
  return (bus, body) => {
    run(bus, readRequest(schema, body));
    return {};
  };
}

const operations: ReadonlyMap<string, Operation> = new Map([
  ['PutEvents', operation(requests.PutEvents, putEvents)],
  ['PutRule', operation(requests.PutRule, putRule)],
  ['DescribeRule', operation(requests.Rule, (bus, request) => ruleBody(bus.describeRule(ruleIn(request))))],
  ['DeleteRule', silent(requests.Rule, (bus, request) => bus.deleteRule(ruleIn(request)))],
  ['EnableRule', silent(requests.Rule, (bus, request) => bus.setRuleState(ruleIn(request), 'ENABLED'))],
  ['DisableRule', silent(requests.Rule, (bus, request) => bus.setRuleState(ruleIn(request), 'DISABLED'))],
  ['ListRules', operation(requests.ListRules, listRules)],
  ['PutTargets', operation(requests.PutTargets, putTargets)],
  ['RemoveTargets', operation(requests.RemoveTargets, removeTargets)],
  ['ListTargetsByRule', operation(requests.ListTargetsByRule, listTargets)],
  ['ListRuleNamesByTarget', operation(requests.ListRuleNamesByTarget, listRuleNames)],
  ['TestEventPattern', operation(requests.TestEventPattern, testPattern)],
  ['CreateEventBus', operation(requests.CreateEventBus, createEventBus)],
  ['DescribeEventBus', operation(requests.DescribeEventBus, (bus, { Name }) => busBody(bus.describeEventBus(Name)))],
  ['DeleteEventBus', silent(requests.DeleteEventBus, (bus, { Name }) => bus.deleteEventBus(Name))],
  ['ListEventBuses', operation(requests.ListEventBuses, listEventBuses)],
  ['CreateArchive', operation(requests.CreateArchive, createArchive)],
  ['DescribeArchive', operation(requests.Archive, describeArchive)],
  ['DeleteArchive', silent(requests.Archive, (bus, { ArchiveName }) => bus.archives.delete(ArchiveName))],
  ['ListArchives', operation(requests.ListArchives, listArchives)],
  ['StartReplay', operation(requests.StartReplay, startReplay)],
  ['DescribeReplay', operation(requests.Replay, describeReplay)],
  ['CancelReplay', operation(requests.Replay, cancelReplay)],
  ['ListReplays', operation(requests.ListReplays, listReplays)],
]);

type Request<Name extends keyof typeof requests> = v.InferOutput<(typeof requests)[Name]>;

function putEvents(bus: Bus, request: Request<'PutEvents'>): object {
  if (request.EndpointId !== undefined) throw validation('Global endpoints are not imitated by the local bus.');
  const results = bus.putEvents(
    request.Entries.map((entry) => ({
      source: entry.Source,
      detailType: entry.DetailType,
      detail: entry.Detail,
      resources: entry.Resources,
      time: entry.Time,
      eventBusName: entry.EventBusName,
    })),
  );
  return {
    FailedEntryCount: results.filter((result) => 'errorCode' in result).length,
    Entries: results.map((result) =>
      'errorCode' in result
        ? { ErrorCode: result.errorCode, ErrorMessage: result.errorMessage }
        : { EventId: result.eventId },
    ),
  };
}

function putRule(bus: Bus, request: Request<'PutRule'>): object {
  if (request.EventPattern === undefined) {
    throw validation(
      request.ScheduleExpression === undefined
        ? 'Parameter(s) EventPattern or ScheduleExpression must be specified.'
        : 'Scheduled rules are not imitated by the local bus; the local runner runs the schedules of the stacks.',
    );
  }
  const rule = bus.putRule({
    name: request.Name,
    busName: request.EventBusName,
    eventPattern: request.EventPattern,
    state: request.State,
    description: request.Description,
    roleArn: request.RoleArn,
  });
  return { RuleArn: rule.arn };
}

function listRules(bus: Bus, request: Request<'ListRules'>): object {
  const rules = bus.listRules(request.EventBusName).filter(({ name }) => name.startsWith(request.NamePrefix ?? ''));
  const { items, NextToken } = page(rules, request);
  return { Rules: items.map(ruleBody), NextToken };
}

function putTargets(bus: Bus, request: Request<'PutTargets'>): object {
  bus.putTargets({ rule: request.Rule, busName: request.EventBusName }, request.Targets.map(targetOf));
  return { FailedEntryCount: 0, FailedEntries: [] };
}

function removeTargets(bus: Bus, request: Request<'RemoveTargets'>): object {
  bus.removeTargets({ rule: request.Rule, busName: request.EventBusName }, request.Ids);
  return { FailedEntryCount: 0, FailedEntries: [] };
}

function listTargets(bus: Bus, request: Request<'ListTargetsByRule'>): object {
  const targets = bus.listTargets({ rule: request.Rule, busName: request.EventBusName });
  const { items, NextToken } = page(targets, request);
  return { Targets: items.map(targetBody), NextToken };
}

function listRuleNames(bus: Bus, request: Request<'ListRuleNamesByTarget'>): object {
  const { items, NextToken } = page(bus.ruleNamesByTarget(request.TargetArn, request.EventBusName), request);
  return { RuleNames: items, NextToken };
}

function testPattern(bus: Bus, request: Request<'TestEventPattern'>): object {
  return { Result: bus.testEventPattern(request.EventPattern, request.Event) };
}

function createEventBus(bus: Bus, request: Request<'CreateEventBus'>): object {
  const { arn } = bus.createEventBus(request.Name, request.Description);
  return { EventBusArn: arn, Description: request.Description };
}

function listEventBuses(bus: Bus, request: Request<'ListEventBuses'>): object {
  const { items, NextToken } = page(bus.listEventBuses(request.NamePrefix), request);
  return { EventBuses: items.map(busBody), NextToken };
}

function createArchive(bus: Bus, request: Request<'CreateArchive'>): object {
  const archive = bus.archives.create({
    name: request.ArchiveName,
    eventSourceArn: request.EventSourceArn,
    eventPattern: request.EventPattern,
    retentionDays: request.RetentionDays,
    description: request.Description,
  });
  return { ArchiveArn: archive.arn, State: archive.state, CreationTime: seconds(archive.createdAt) };
}

function describeArchive(bus: Bus, { ArchiveName }: Request<'Archive'>): object {
  const archive = bus.archives.describe(ArchiveName);
  const { arn, description, eventPattern } = archive;
  return { ...archiveBody(archive), ArchiveArn: arn, Description: description, EventPattern: eventPattern };
}

function listArchives(bus: Bus, request: Request<'ListArchives'>): object {
  const archives = bus.archives.list(filterIn(request));
  const { items, NextToken } = page(archives, request);
  return { Archives: items.map(archiveBody), NextToken };
}

function startReplay(bus: Bus, request: Request<'StartReplay'>): object {
  const replay = bus.replays.start({
    name: request.ReplayName,
    eventSourceArn: request.EventSourceArn,
    eventStartTime: request.EventStartTime,
    eventEndTime: request.EventEndTime,
    destination: { arn: request.Destination.Arn, filterArns: request.Destination.FilterArns },
    description: request.Description,
  });
  return { ReplayArn: replay.arn, State: replay.state, ReplayStartTime: seconds(replay.replayStartTime) };
}

function describeReplay(bus: Bus, { ReplayName }: Request<'Replay'>): object {
  const replay = bus.replays.describe(ReplayName);
  return {
    ...replayBody(replay),
    ReplayArn: replay.arn,
    Description: replay.description,
    Destination: { Arn: replay.destination.arn, FilterArns: replay.destination.filterArns },
  };
}

function cancelReplay(bus: Bus, { ReplayName }: Request<'Replay'>): object {
  const { arn, state } = bus.replays.cancel(ReplayName);
  return { ReplayArn: arn, State: state };
}

function listReplays(bus: Bus, request: Request<'ListReplays'>): object {
  const { items, NextToken } = page(bus.replays.list(filterIn(request)), request);
  return { Replays: items.map(replayBody), NextToken };
}

function ruleBody(rule: Rule): object {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.eventPattern,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
    ManagedBy: rule.managedBy,
    EventBusName: rule.busName,
  };
}

function busBody({ name, arn, description, createdAt }: ReturnType<Bus['describeEventBus']>): object {
  const created = seconds(createdAt);
  return { Name: name, Arn: arn, Description: description, CreationTime: created, LastModifiedTime: created };
}

function archiveBody(archive: Archive): object {
  return {
    ArchiveName: archive.name,
    EventSourceArn: archive.eventSourceArn,
    State: archive.state,
    RetentionDays: archive.retentionDays,
    SizeBytes: archive.sizeBytes,
    EventCount: archive.eventCount,
    CreationTime: seconds(archive.createdAt),
  };
}

function replayBody(replay: Replay): object {
  return {
    ReplayName: replay.name,
    EventSourceArn: replay.eventSourceArn,
    State: replay.state,
    StateReason: replay.stateReason,
    EventStartTime: seconds(replay.eventStartTime),
    EventEndTime: seconds(replay.eventEndTime),
    EventLastReplayedTime: seconds(replay.eventLastReplayedTime),
    ReplayStartTime: seconds(replay.replayStartTime),
    ReplayEndTime: seconds(replay.replayEndTime),
  };
}

function targetOf(request: TargetRequest): Target {
  const { InputTransformer: transformer, RetryPolicy: retry, SqsParameters: sqs } = request;
  return {
    id: request.Id,
    arn: request.Arn,
    roleArn: request.RoleArn,
    input: request.Input,
    inputPath: request.InputPath,
    inputTransformer: transformer && {
      inputPathsMap: transformer.InputPathsMap,
      inputTemplate: transformer.InputTemplate,
    },
    retryPolicy: retry && {
      maximumEventAgeInSeconds: retry.MaximumEventAgeInSeconds,
      maximumRetryAttempts: retry.MaximumRetryAttempts,
    },
    deadLetterArn: request.DeadLetterConfig?.Arn,
    sqsParameters: sqs?.MessageGroupId === undefined ? undefined : { messageGroupId: sqs.MessageGroupId },
  };
}

function targetBody(target: Target): object {
  const { inputTransformer: transformer, retryPolicy: retry } = target;
  return {
    Id: target.id,
    Arn: target.arn,
    RoleArn: target.roleArn,
    Input: target.input,
    InputPath: target.inputPath,
    InputTransformer: transformer && {
      InputPathsMap: transformer.inputPathsMap,
      InputTemplate: transformer.inputTemplate,
    },
    RetryPolicy: retry && {
      MaximumEventAgeInSeconds: retry.maximumEventAgeInSeconds,
      MaximumRetryAttempts: retry.maximumRetryAttempts,
    },
    DeadLetterConfig: target.deadLetterArn === undefined ? undefined : { Arn: target.deadLetterArn },
    SqsParameters: target.sqsParameters && { MessageGroupId: target.sqsParameters.messageGroupId },
  };
}

function ruleIn({ Name, EventBusName }: Request<'Rule'>): RuleReference {
  return { rule: Name, busName: EventBusName };
}

function filterIn(request: Request<'ListReplays'> | Request<'ListArchives'>) {
  return { namePrefix: request.NamePrefix, eventSourceArn: request.EventSourceArn, state: request.State };
}

/** One page of a list; the token is the place where the next begins. */
function page<T>(
  all: readonly T[],
  request: { readonly Limit?: number | undefined; readonly NextToken?: string | undefined },
): { readonly items: readonly T[]; readonly NextToken: string | undefined } {
  const start = request.NextToken === undefined ? 0 : Number(Buffer.from(request.NextToken, 'base64').toString());
  if (!Number.isInteger(start) || start < 0) throw validation('Parameter NextToken is not valid.');
  const end = start + (request.Limit ?? 100);
  const NextToken = end < all.length ? Buffer.from(String(end)).toString('base64') : undefined;
  return { items: all.slice(start, end), NextToken };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
