import {
  DescribeArchiveCommand,
  DescribeReplayCommand,
  EventBridgeClient,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import type { Interval, ReplayNumber, ReplaySeen } from '@payments/core/recovery';
import * as v from 'valibot';

/** Replays of our archive to the rules of our lanes, and to no other. */
export type Replays = {
  /** Ms since 1970. */
  readonly archiveCreatedAt: () => Promise<number>;
  /** The latest attempt; `null` when there was none. */
  readonly latest: (recovery: string, replay: ReplayNumber) => Promise<ReplaySeen | null>;
  /** Two starts of one name are one. */
  readonly start: (
    what: { readonly recovery: string; readonly replay: ReplayNumber; readonly attempt: number } & Interval,
  ) => Promise<void>;
};

export type ArchiveLink = {
  readonly name: string;
  readonly arn: string;
  readonly busArn: string;
  readonly ruleArns: readonly string[];
  /** The function may name its replays by this prefix only. */
  readonly replayPrefix: string;
};

const CONNECT_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;

const STATES = {
  STARTING: 'under way',
  RUNNING: 'under way',
  CANCELLING: 'under way',
  COMPLETED: 'completed',
  CANCELLED: 'cancelled',
  FAILED: 'failed',
} as const satisfies Record<string, ReplaySeen['state']>;
const Archive = v.object({ CreationTime: v.date() });
const Replay = v.object({
  State: v.picklist(['STARTING', 'RUNNING', 'CANCELLING', 'COMPLETED', 'CANCELLED', 'FAILED']),
  ReplayStartTime: v.date(),
  ReplayEndTime: v.optional(v.date()),
});

function connect(): EventBridgeClient {
  return new EventBridgeClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
  });
}

/** When an archive was made: ms since 1970. */
export function archiveAge({ name }: Pick<ArchiveLink, 'name'>, client = connect()): Replays['archiveCreatedAt'] {
  return async () => {
    const answer = await client.send(new DescribeArchiveCommand({ ArchiveName: name }));
    return v.parse(Archive, answer).CreationTime.getTime();
  };
}

export function replays(link: ArchiveLink): Replays {
  const client = connect();
  const nameOf = (recovery: string, replay: ReplayNumber, attempt: number) =>
    `${link.replayPrefix}${recovery}-${replay}-${attempt}`;

  const describe = async (recovery: string, replay: ReplayNumber, attempt: number): Promise<ReplaySeen | null> => {
    try {
      const ReplayName = nameOf(recovery, replay, attempt);
      const { State, ReplayStartTime, ReplayEndTime } = v.parse(
        Replay,
        await client.send(new DescribeReplayCommand({ ReplayName })),
      );
      const times = { startedAt: ReplayStartTime.getTime(), endedAt: ReplayEndTime?.getTime() ?? null };
      return { attempt, state: STATES[State], ...times };
    } catch (error) {
      if (isNamed(error, 'ResourceNotFoundException')) return null;
      throw error;
    }
  };

  return {
    archiveCreatedAt: archiveAge(link, client),
    latest: async (recovery, replay) => {
      let found: ReplaySeen | null = null;
      for (let attempt = 1; ; attempt += 1) {
        const next = await describe(recovery, replay, attempt);
        if (next === null) return found;
        found = next;
      }
    },
    start: async ({ recovery, replay, attempt, from, to }) => {
      try {
        await client.send(
          new StartReplayCommand({
            ReplayName: nameOf(recovery, replay, attempt),
            Description: 'Redis lost its data: events that may have been in it only',
            EventSourceArn: link.arn,
            EventStartTime: new Date(from),
            EventEndTime: new Date(to),
            Destination: { Arn: link.busArn, FilterArns: [...link.ruleArns] },
          }),
        );
      } catch (error) {
        if (!isNamed(error, 'ResourceAlreadyExistsException')) throw error;
      }
    },
  };
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
