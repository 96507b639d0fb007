import {
  CancelReplayCommand,
  DeleteRuleCommand,
  DescribeArchiveCommand,
  DescribeReplayCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListReplaysCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import { archiveArn, busArn, type Deployment } from '../deployment/deployment.ts';
import { NotReached } from '../frame/problem.ts';

export type ReplayState = 'STARTING' | 'RUNNING' | 'CANCELLING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';

export type Replay = {
  readonly name: string;
  readonly state: ReplayState;
  readonly reason: string | null;
  /** Event times that it covers, ms since 1970. */
  readonly from: number;
  readonly to: number;
  /** Time of the newest event that was sent. */
  readonly reached: number | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
};

/** The bus's archive, its replays, and rules that live as long as one replay. Rules by the name after the prefix: `bulk`. */
export type Archive = {
  readonly describe: () => Promise<{ readonly retentionDays: number; readonly events: number }>;
  /** Newest first. */
  readonly replays: (namePrefix: string) => Promise<readonly Replay[]>;
  readonly replay: (name: string) => Promise<Replay>;
  readonly start: (request: {
    readonly name: string;
    readonly from: number;
    readonly to: number;
    readonly rules: readonly string[];
  }) => Promise<void>;
  readonly cancel: (name: string) => Promise<void>;
  /** The pattern of a rule, as JSON text. */
  readonly patternOf: (rule: string) => Promise<string>;
  /** Makes or replaces a rule that hands what it matches to the targets of another one, in the same way. */
  readonly putRuleLike: (model: string, rule: string, pattern: string) => Promise<void>;
  readonly rulesNamed: (prefix: string) => Promise<readonly string[]>;
  readonly deleteRule: (rule: string) => Promise<void>;
};

export function archiveOf(deployment: Deployment): Archive {
  const client = new EventBridgeClient(deployment.aws);
  const { prefix } = deployment;
  const EventBusName = `${prefix}-bus`;
  const named = (rule: string) => `${prefix}-${rule}`;
  const targetsOf = async (rule: string) =>
    (await client.send(new ListTargetsByRuleCommand({ EventBusName, Rule: named(rule) }))).Targets ?? [];
  return {
    describe: async () => {
      try {
        const said = await client.send(new DescribeArchiveCommand({ ArchiveName: `${prefix}-stripe` }));
        return { retentionDays: said.RetentionDays ?? 0, events: said.EventCount ?? 0 };
      } catch (cause) {
        if (!(cause instanceof Error) || cause.name !== 'ResourceNotFoundException') throw cause;
        const { region, stage } = deployment;
        throw new NotReached(
          `there is no archive ${prefix}-stripe in ${region}: is the stage ${stage} deployed here?`,
          {
            cause,
          },
        );
      }
    },
    replays: async (NamePrefix) => {
      const found: Replay[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(new ListReplaysCommand({ NamePrefix, NextToken }));
        found.push(...(page.Replays ?? []).map(readReplay));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return found.sort((a, b) => b.startedAt - a.startedAt);
    },
    replay: async (ReplayName) => readReplay(await client.send(new DescribeReplayCommand({ ReplayName }))),
    start: async ({ name, from, to, rules }) => {
      const { partition, region, account } = deployment;
      await client.send(
        new StartReplayCommand({
          ReplayName: name,
          EventSourceArn: archiveArn(deployment),
          EventStartTime: new Date(from),
          EventEndTime: new Date(to),
          Destination: {
            Arn: busArn(deployment),
            FilterArns: rules.map(
              (rule) => `arn:${partition}:events:${region}:${account}:rule/${EventBusName}/${named(rule)}`,
            ),
          },
        }),
      );
    },
    cancel: async (ReplayName) => {
      await client.send(new CancelReplayCommand({ ReplayName }));
    },
    patternOf: async (rule) => {
      const { EventPattern } = await client.send(new DescribeRuleCommand({ EventBusName, Name: named(rule) }));
      if (EventPattern === undefined) throw new NotReached(`the rule ${named(rule)} has no pattern`);
      return EventPattern;
    },
    putRuleLike: async (model, rule, EventPattern) => {
      const Targets = await targetsOf(model);
      const Description = 'For one replay of payments-ops; may be deleted when none runs';
      await client.send(new PutRuleCommand({ EventBusName, Name: named(rule), EventPattern, Description }));
      const { FailedEntries = [] } = await client.send(
        new PutTargetsCommand({ EventBusName, Rule: named(rule), Targets }),
      );
      const [failed] = FailedEntries;
      if (failed !== undefined)
        throw new NotReached(`EventBridge refused a target of ${named(rule)}: ${failed.ErrorCode}`);
    },
    rulesNamed: async (start) => {
      const names: string[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(new ListRulesCommand({ EventBusName, NamePrefix: named(start), NextToken }));
        names.push(
          ...(page.Rules ?? []).flatMap(({ Name }) => (Name === undefined ? [] : [Name.slice(prefix.length + 1)])),
        );
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return names;
    },
    deleteRule: async (rule) => {
      const ids = (await targetsOf(rule)).flatMap(({ Id }) => Id ?? []);
      if (ids.length > 0) await client.send(new RemoveTargetsCommand({ EventBusName, Rule: named(rule), Ids: ids }));
      await client.send(new DeleteRuleCommand({ EventBusName, Name: named(rule) }));
    },
  };
}

type Wire = {
  readonly ReplayName?: string | undefined;
  readonly State?: ReplayState | undefined;
  readonly StateReason?: string | undefined;
  readonly EventStartTime?: Date | undefined;
  readonly EventEndTime?: Date | undefined;
  readonly EventLastReplayedTime?: Date | undefined;
  readonly ReplayStartTime?: Date | undefined;
  readonly ReplayEndTime?: Date | undefined;
};

function readReplay(said: Wire): Replay {
  return {
    name: said.ReplayName ?? '',
    state: said.State ?? 'STARTING',
    reason: said.StateReason ?? null,
    from: said.EventStartTime?.getTime() ?? 0,
    to: said.EventEndTime?.getTime() ?? 0,
    reached: said.EventLastReplayedTime?.getTime() ?? null,
    startedAt: said.ReplayStartTime?.getTime() ?? 0,
    endedAt: said.ReplayEndTime?.getTime() ?? null,
  };
}
