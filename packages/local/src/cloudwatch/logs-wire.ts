/** CloudWatch Logs: DescribeLogGroups, DescribeLogStreams and FilterLogEvents over the functions' lines. */
import * as v from 'valibot';
import type { ServiceAnswer } from '../aws/server.ts';
import { wrongParameter } from '../aws/wrong-parameter.ts';
import { FilterPatternError, type LogFilter, parseFilter } from './log-filter.ts';
import type { LogGroup, LogStore } from './log-store.ts';

class LogsError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}

/** All instances of a function write into one stream here; in Lambda each has its own. */
export const STREAM = 'local';

const Limit = v.pipe(v.number(), v.integer(), v.minValue(1));
const Groups = v.strictObject({
  logGroupNamePrefix: v.optional(v.string(), ''),
  logGroupNamePattern: v.optional(v.string(), ''),
  limit: v.optional(v.pipe(Limit, v.maxValue(50)), 50),
  nextToken: v.optional(v.string()),
});
const GroupName = {
  logGroupName: v.optional(v.string()),
  /** A name or an ARN. */
  logGroupIdentifier: v.optional(v.string()),
};
/** There is one stream, so that order and pages of streams have nothing to choose. */
const Streams = v.strictObject({
  ...GroupName,
  logStreamNamePrefix: v.optional(v.string(), ''),
  orderBy: v.optional(v.picklist(['LogStreamName', 'LastEventTime'])),
  descending: v.optional(v.boolean()),
  limit: v.optional(v.pipe(Limit, v.maxValue(50))),
});
const Filter = v.strictObject({
  ...GroupName,
  logStreamNames: v.optional(v.array(v.string())),
  logStreamNamePrefix: v.optional(v.string(), ''),
  startTime: v.optional(v.number(), 0),
  endTime: v.optional(v.number(), Number.MAX_SAFE_INTEGER),
  filterPattern: v.optional(v.pipe(v.string(), v.maxLength(1024)), ''),
  limit: v.optional(v.pipe(Limit, v.maxValue(10_000)), 10_000),
  /** Always, since the service does so. */
  interleaved: v.optional(v.boolean()),
  nextToken: v.optional(v.string()),
});

export type LogsPlace = { readonly account: string; readonly region: string };

export function handleLogs(logs: LogStore, place: LogsPlace, operation: string, input: unknown): ServiceAnswer {
  try {
    return { status: 200, body: answer(logs, place, operation, input) };
  } catch (error) {
    if (error instanceof LogsError) return refusal(error.code, error.message);
    if (error instanceof v.ValiError) {
      return refusal('InvalidParameterException', wrongParameter(error, 'CloudWatch Logs'));
    }
    throw error;
  }
}

function refusal(code: string, message: string): ServiceAnswer {
  return { status: 400, body: { __type: code, message } };
}

function answer(logs: LogStore, place: LogsPlace, operation: string, input: unknown): unknown {
  switch (operation) {
    case 'DescribeLogGroups':
      return describeGroups(logs, place, v.parse(Groups, input));
    case 'DescribeLogStreams':
      return describeStreams(logs, place, v.parse(Streams, input));
    case 'FilterLogEvents':
      return filterEvents(logs, v.parse(Filter, input));
    default:
      throw new LogsError('InvalidOperationException', `${operation} is not imitated by the local CloudWatch Logs.`);
  }
}

function describeGroups(logs: LogStore, place: LogsPlace, request: v.InferOutput<typeof Groups>): unknown {
  const all = logs
    .groups()
    .filter(({ name }) => name.startsWith(request.logGroupNamePrefix) && name.includes(request.logGroupNamePattern));
  const from = offset(request.nextToken);
  const end = from + request.limit;
  return {
    logGroups: all.slice(from, end).map((group) => ({
      logGroupName: group.name,
      creationTime: group.createdAt,
      metricFilterCount: 0,
      arn: `${arnOf(group, place)}:*`,
      logGroupArn: arnOf(group, place),
      storedBytes: group.bytes,
      logGroupClass: 'STANDARD',
    })),
    ...(end < all.length ? { nextToken: String(end) } : {}),
  };
}

function describeStreams(logs: LogStore, place: LogsPlace, request: v.InferOutput<typeof Streams>): unknown {
  const group = groupOf(logs, request);
  if (!STREAM.startsWith(request.logStreamNamePrefix)) return { logStreams: [] };
  const [first, last] = [group.events[0], group.events.at(-1)];
  return {
    logStreams: [
      {
        logStreamName: STREAM,
        creationTime: group.createdAt,
        ...(first === undefined ? {} : { firstEventTimestamp: first.at }),
        ...(last === undefined ? {} : { lastEventTimestamp: last.at, lastIngestionTime: last.at }),
        arn: `${arnOf(group, place)}:log-stream:${STREAM}`,
        storedBytes: 0,
      },
    ],
  };
}

function filterEvents(logs: LogStore, request: v.InferOutput<typeof Filter>): unknown {
  const group = groupOf(logs, request);
  const matches = filterOf(request.filterPattern);
  const after = offset(request.nextToken);
  const known = request.logStreamNames?.includes(STREAM) !== false && STREAM.startsWith(request.logStreamNamePrefix);
  const found = (known ? group.events : []).filter(
    ({ id, at, message }) => id > after && at >= request.startTime && at <= request.endTime && matches(message),
  );
  const events = found.slice(0, request.limit);
  const last = events.at(-1);
  return {
    events: events.map(({ id, at, message }) => ({
      logStreamName: STREAM,
      timestamp: at,
      message,
      ingestionTime: at,
      eventId: String(id).padStart(56, '0'),
    })),
    searchedLogStreams: [],
    ...(found.length > events.length && last !== undefined ? { nextToken: String(last.id) } : {}),
  };
}

function groupOf(
  logs: LogStore,
  { logGroupName, logGroupIdentifier }: { logGroupName?: string | undefined; logGroupIdentifier?: string | undefined },
): LogGroup {
  const given = logGroupName ?? logGroupIdentifier?.replace(/^arn:[^/]*:log-group:/, '').replace(/:\*$/, '');
  if (given === undefined) {
    throw new LogsError('InvalidParameterException', 'Either logGroupName or logGroupIdentifier must be given.');
  }
  const group = logs.group(given);
  if (group === undefined) {
    throw new LogsError('ResourceNotFoundException', 'The specified log group does not exist.');
  }
  return group;
}

function filterOf(pattern: string): LogFilter {
  try {
    return parseFilter(pattern);
  } catch (error) {
    if (!(error instanceof FilterPatternError)) throw error;
    throw new LogsError('InvalidParameterException', `Invalid filter pattern: ${error.message}`);
  }
}

function offset(token: string | undefined): number {
  const value = Number(token ?? 0);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new LogsError('InvalidParameterException', 'The specified nextToken is invalid.');
  }
  return value;
}

function arnOf(group: LogGroup, { account, region }: LogsPlace): string {
  return `arn:aws:logs:${region}:${account}:log-group:${group.name}`;
}
