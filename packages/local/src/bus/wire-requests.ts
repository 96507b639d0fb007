// What the AWSEvents operations take, and EventBridge's words for what breaks a constraint.
import * as v from 'valibot';
import { isUnknown } from '../aws/wrong-parameter.ts';
import { EventsError, validation } from './events-error.ts';

const text = (longest: number) =>
  v.pipe(
    v.string(),
    v.minLength(1, 'Member must have length greater than or equal to 1'),
    v.maxLength(longest, `Member must have length less than or equal to ${longest}`),
  );
const name = (longest: number) =>
  v.pipe(
    text(longest),
    v.regex(/^[.\-_A-Za-z0-9]+$/, 'Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+'),
  );
const pattern = v.pipe(v.string(), v.maxLength(4096, 'Member must have length less than or equal to 4096'));
/** Epoch seconds on the wire, milliseconds inside. */
const time = v.pipe(
  v.number(),
  v.transform((seconds) => Math.round(seconds * 1000)),
);
const oneOf = <const T extends readonly string[]>(values: T) =>
  v.picklist(values, `Member must satisfy enum value set: [${values.join(', ')}]`);
const between = (lowest: number, highest: number) =>
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(lowest, `Member must have value greater than or equal to ${lowest}`),
    v.maxValue(highest, `Member must have value less than or equal to ${highest}`),
  );

const Bus = { EventBusName: v.optional(text(1600)) };
const Page = { NextToken: v.optional(text(2048)), Limit: v.optional(between(1, 100)) };

const Target = v.strictObject({
  Id: name(64),
  Arn: text(1600),
  RoleArn: v.optional(text(1600)),
  Input: v.optional(v.pipe(v.string(), v.maxLength(8192, 'Member must have length less than or equal to 8192'))),
  InputPath: v.optional(v.pipe(v.string(), v.maxLength(256, 'Member must have length less than or equal to 256'))),
  InputTransformer: v.optional(
    v.strictObject({ InputPathsMap: v.optional(v.record(v.string(), v.string())), InputTemplate: text(8192) }),
  ),
  RetryPolicy: v.optional(
    v.strictObject({
      MaximumEventAgeInSeconds: v.optional(between(60, 86_400)),
      MaximumRetryAttempts: v.optional(between(0, 185)),
    }),
  ),
  DeadLetterConfig: v.optional(v.strictObject({ Arn: v.optional(text(1600)) })),
  SqsParameters: v.optional(v.strictObject({ MessageGroupId: v.optional(v.string()) })),
});
export type TargetRequest = v.InferOutput<typeof Target>;

const ARCHIVE_STATES = ['ENABLED', 'DISABLED', 'CREATING', 'UPDATING', 'CREATE_FAILED', 'UPDATE_FAILED'] as const;
const REPLAY_STATES = ['STARTING', 'RUNNING', 'CANCELLING', 'COMPLETED', 'CANCELLED', 'FAILED'] as const;

export const requests = {
  PutEvents: v.strictObject({
    Entries: v.array(
      v.strictObject({
        Source: v.optional(v.string()),
        DetailType: v.optional(v.string()),
        Detail: v.optional(v.string()),
        Resources: v.optional(v.array(v.string())),
        Time: v.optional(time),
        EventBusName: v.optional(text(1600)),
        /** X-Ray's; nothing traces here. */
        TraceHeader: v.optional(text(500)),
      }),
    ),
    EndpointId: v.optional(text(50)),
  }),
  PutRule: v.strictObject({
    ...Bus,
    Name: name(64),
    EventPattern: v.optional(pattern),
    ScheduleExpression: v.optional(v.string()),
    State: v.optional(oneOf(['ENABLED', 'DISABLED'])),
    Description: v.optional(v.pipe(v.string(), v.maxLength(512, 'Member must have length less than or equal to 512'))),
    RoleArn: v.optional(text(1600)),
  }),
  Rule: v.strictObject({ ...Bus, Name: name(64) }),
  PutTargets: v.strictObject({ ...Bus, Rule: name(64), Targets: v.array(Target) }),
  RemoveTargets: v.strictObject({ ...Bus, Rule: name(64), Ids: v.array(name(64)) }),
  ListTargetsByRule: v.strictObject({ ...Bus, ...Page, Rule: name(64) }),
  ListRules: v.strictObject({ ...Bus, ...Page, NamePrefix: v.optional(name(64)) }),
  ListRuleNamesByTarget: v.strictObject({ ...Bus, ...Page, TargetArn: text(1600) }),
  TestEventPattern: v.strictObject({ EventPattern: pattern, Event: v.string() }),
  CreateEventBus: v.strictObject({
    Name: v.pipe(
      text(256),
      v.regex(/^[/.\-_A-Za-z0-9]+$/, 'Member must satisfy regular expression pattern: [/\\.\\-_A-Za-z0-9]+'),
    ),
    Description: v.optional(v.string()),
  }),
  DescribeEventBus: v.strictObject({ Name: v.optional(text(1600)) }),
  DeleteEventBus: v.strictObject({ Name: text(256) }),
  ListEventBuses: v.strictObject({ ...Page, NamePrefix: v.optional(text(256)) }),
  CreateArchive: v.strictObject({
    ArchiveName: name(48),
    EventSourceArn: text(1600),
    EventPattern: v.optional(pattern),
    RetentionDays: v.optional(between(0, Number.MAX_SAFE_INTEGER)),
    Description: v.optional(v.string()),
  }),
  Archive: v.strictObject({ ArchiveName: name(48) }),
  ListArchives: v.strictObject({
    ...Page,
    NamePrefix: v.optional(name(48)),
    EventSourceArn: v.optional(text(1600)),
    State: v.optional(oneOf(ARCHIVE_STATES)),
  }),
  StartReplay: v.strictObject({
    ReplayName: name(64),
    EventSourceArn: text(1600),
    EventStartTime: time,
    EventEndTime: time,
    Destination: v.strictObject({ Arn: text(1600), FilterArns: v.optional(v.array(text(1600))) }),
    Description: v.optional(v.string()),
  }),
  Replay: v.strictObject({ ReplayName: name(64) }),
  ListReplays: v.strictObject({
    ...Page,
    NamePrefix: v.optional(name(64)),
    EventSourceArn: v.optional(text(1600)),
    State: v.optional(oneOf(REPLAY_STATES)),
  }),
};

/**
 * Reads a request. Throws ValidationException in the form AWS's services give ("1 validation error detected: …"), or
 * SerializationException for a value of the wrong JSON type.
 */
export function readRequest<Schema extends v.GenericSchema>(schema: Schema, body: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const unknown = result.issues.find(isUnknown);
  if (unknown !== undefined) {
    throw validation(`The parameter ${v.getDotPath(unknown)} is not imitated by the local bus.`);
  }
  const problems = result.issues.map(constraint);
  throw validation(
    `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected: ${problems.join('; ')}`,
  );
}

function constraint(issue: v.BaseIssue<unknown>): string {
  const at = (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `${key + 1}.member` : lowerFirst(String(key))))
    .join('.');
  if (issue.input === undefined) return `Value null at '${at}' failed to satisfy constraint: Member must not be null`;
  if (!issue.message.startsWith('Member ')) {
    throw new EventsError('SerializationException', `${at === '' ? 'The request' : at} must be ${issue.expected}.`);
  }
  return `Value '${String(issue.input)}' at '${at}' failed to satisfy constraint: ${issue.message}`;
}

function lowerFirst(word: string): string {
  return word.charAt(0).toLowerCase() + word.slice(1);
}
