import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { type AcceptedLog, type AcceptingPlace, acceptedLog } from '@payments/functions/adapters/accepted-log';
import type { Deployment } from '../deployment/deployment.ts';
import { NotReached } from '../frame/problem.ts';

/** A line that a function wrote. */
export type Line = {
  /** The function's name in the stacks: `Ingress`, `Sync` … */
  readonly from: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Parsed JSON; `{}` for a line that is none. */
  readonly said: Readonly<Record<string, unknown>>;
};

export type Search = {
  /** The functions to look at, by their names in the stacks. */
  readonly functions: readonly string[];
  /** CloudWatch's filter pattern, e.g. `"evt_1"`. */
  readonly pattern: string;
  readonly from: number;
  readonly to: number;
  /** Per function; a search that finds more ends there. */
  readonly most: number;
};

export type Found = {
  readonly lines: readonly Line[] /** Whether there are more than `most`. */;
  readonly more: boolean;
};

export type Logs = { readonly search: (search: Search) => Promise<Found> };

/** SST names a function `<prefix>-<Name>Function-<suffix>`. */
const GROUP = /^\/aws\/lambda\/.*-([A-Z]\w*)Function(-\w+)?$/;

export function logsOf(deployment: Deployment): Logs {
  const client = new CloudWatchLogsClient(deployment.aws);
  let groups: Promise<ReadonlyMap<string, string>> | null = null;
  return {
    search: async ({ functions, ...rest }) => {
      groups ??= groupsOf(client, `/aws/lambda/${deployment.prefix}-`);
      const known = await groups;
      const found = await Promise.all(
        functions.map(async (name) => {
          const group = known.get(name);
          return group === undefined ? { lines: [], more: false } : linesIn(client, name, group, rest);
        }),
      );
      return {
        lines: found.flatMap(({ lines }) => lines).sort((a, b) => a.at - b.at),
        more: found.some(({ more }) => more),
      };
    },
  };
}

/** Which events this deployment has accepted, as the functions that take them tell. */
export async function acceptedOf(deployment: Deployment): Promise<AcceptedLog> {
  const known = await groupsOf(new CloudWatchLogsClient(deployment.aws), `/aws/lambda/${deployment.prefix}-`);
  const groupOf = (name: AcceptingPlace): string => {
    const group = known.get(name);
    if (group !== undefined) return group;
    throw new NotReached(`there is no log of ${name} in ${deployment.region}: is the stage deployed here?`);
  };
  return acceptedLog(
    { Ingress: groupOf('Ingress'), Claim: groupOf('Claim'), Aggregate: groupOf('Aggregate') },
    deployment.aws,
  );
}

async function groupsOf(client: CloudWatchLogsClient, prefix: string): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  let nextToken: string | undefined;
  do {
    const page = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: prefix, nextToken }));
    for (const { logGroupName = '' } of page.logGroups ?? []) {
      const name = GROUP.exec(logGroupName)?.[1];
      if (name !== undefined) names.set(name, logGroupName);
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return names;
}

async function linesIn(
  client: CloudWatchLogsClient,
  functionName: string,
  logGroupName: string,
  { pattern, from: startTime, to: endTime, most }: Omit<Search, 'functions'>,
): Promise<Found> {
  const lines: Line[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new FilterLogEventsCommand({ logGroupName, filterPattern: pattern, startTime, endTime, nextToken }),
    );
    for (const { timestamp = 0, message = '' } of page.events ?? []) {
      lines.push({ from: functionName, at: timestamp, said: jsonIn(message) });
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined && lines.length < most);
  return { lines: lines.slice(0, most), more: nextToken !== undefined || lines.length > most };
}

function jsonIn(message: string): Line['said'] {
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
