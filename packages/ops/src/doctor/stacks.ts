import type { Deployed, DeployedArchive, DeployedMapping, DeployedQueue, DeployedRule } from '../adapters/deployed.ts';
import type { DeployedSchedule } from '../adapters/schedules.ts';
import type { Deployment, Place } from '../deployment/deployment.ts';
import { BULK_QUEUE } from '../deployment/places.ts';
import { called, calledIn } from './called.ts';
import { differences, some } from './differences.ts';
import { bad, type Finding, good, unknown } from './finding.ts';
import {
  type Shape,
  triesShape,
  WANTED_ARCHIVE,
  WANTED_DEFAULT_RULES,
  WANTED_MACHINES,
  WANTED_MAPPING,
  WANTED_QUEUES,
  WANTED_RULES,
  WANTED_SCHEDULES,
} from './wanted.ts';

/**
 * Is what is deployed what the stacks of this checkout say? Somebody may have changed it by hand. What AWS did not tell is not
 * compared, and is said so: each look stands alone.
 */
export type Site = Place & Pick<Deployment, 'stage' | 'local'>;

/** One thing of the stacks: faults and doubts; none: it is as it should be. */
type Looked = readonly Finding[];
type Judge<Found> = (found: Found) => Looked;

export async function stackFindings(site: Site, deployed: Deployed): Promise<readonly Finding[]> {
  const kinds = [
    await ruleKind(site, deployed),
    await queueKind(site, deployed),
    await machineKind(site, deployed),
    await archiveKind(site, deployed),
    await scheduleKind(site, deployed),
    await mappingKind(site, deployed),
  ];
  return kinds.flat();
}

async function ruleKind(site: Site, deployed: Deployed): Promise<readonly Finding[]> {
  const own = `the bus ${site.prefix}-bus`;
  const others = "AWS's own bus";
  const onOwn: Judge<readonly DeployedRule[] | null> = (rules) => {
    if (rules === null) return [missing(site, own)];
    return [...onBus(site, rules, WANTED_RULES, own), ...strangers(rules)];
  };
  const onOthers: Judge<readonly DeployedRule[] | null> = (rules) =>
    onBus(site, rules ?? [], WANTED_DEFAULT_RULES, others);
  const looks = [
    looked(site, `the rules of ${own}`, LISTING, () => deployed.rules('own'), onOwn),
    looked(site, `the rules of ${others}`, LISTING, () => deployed.rules('default'), onOthers),
  ];
  return (await Promise.all(looks)).flat();
}

const LISTING = 'events:ListRules and events:ListTargetsByRule';

function onBus(
  site: Site,
  rules: readonly DeployedRule[],
  wanted: ReadonlyMap<string, Shape>,
  bus: string,
): readonly Finding[] {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const each = [...wanted].map(([name, shape]): Looked => {
    const rule = byName.get(name);
    const what = `the rule ${name}`;
    if (rule === undefined) return [missing(site, what, ': what it should match goes nowhere')];
    return [
      ...(rule.enabled
        ? []
        : [bad('stacks', `${what} is disabled: what it matches goes nowhere`, `${redeploy(site)}, or enable it`)]),
      ...targetFindings(site, what, rule, shape),
    ];
  });
  const what = 'pattern, state, target, its dead-letter queue and tries as the stacks say';
  return summed(each, 'rule', what, ` of ${bus}`);
}

function targetFindings(site: Site, what: string, { targets, pattern }: DeployedRule, wanted: Shape): Looked {
  const [target, ...more] = targets;
  if (target === undefined || more.length > 0) {
    return [bad('stacks', `${what} has ${targets.length} targets, one is right`, redeploy(site))];
  }
  const found: Shape = {
    pattern: calledIn(site, pattern),
    target: called(site, target.arn),
    hands: target.changes ? 'something else than the whole event' : 'the whole event',
    'dead-letter queue': target.deadLetterArn === null ? null : called(site, target.deadLetterArn),
    ...triesShape(target.tries),
  };
  return compared(site, what, found, wanted);
}

/** Rules that live as long as one replay of chosen events (replay/filter.ts). */
const REPLAY_RULE = /^replay-/;

function strangers(rules: readonly DeployedRule[]): Looked {
  return rules
    .filter(({ name }) => !WANTED_RULES.has(name) && !REPLAY_RULE.test(name))
    .map(({ name }) =>
      bad('stacks', `the rule ${name} is not of the stacks: events may take two roads`, 'delete it in EventBridge'),
    );
}

async function queueKind(site: Site, deployed: Deployed): Promise<readonly Finding[]> {
  const judge =
    (name: string, wanted: Shape): Judge<DeployedQueue | null> =>
    (queue) => {
      if (queue === null) return [missing(site, `the queue ${name}`, ': what should wait there is lost')];
      const { hiddenSeconds, keptSeconds, redrive } = queue;
      const found: Shape = {
        'seconds hidden': hiddenSeconds,
        'seconds kept': keptSeconds,
        'dead-letter queue': redrive === null ? null : called(site, redrive.deadLetterArn),
        receives: redrive?.maxReceiveCount ?? null,
      };
      return compared(site, `the queue ${name}`, found, wanted);
    };
  const right = 'sqs:GetQueueUrl and sqs:GetQueueAttributes';
  const each = [...WANTED_QUEUES].map(([name, wanted]) =>
    looked(site, `the queue ${name}`, right, () => deployed.queue(name), judge(name, wanted)),
  );
  const what = 'seconds hidden and kept, dead-letter queue and receives as the stacks say';
  return summed(await Promise.all(each), 'queue', what);
}

async function machineKind(site: Site, deployed: Deployed): Promise<readonly Finding[]> {
  const judge =
    (name: string, wanted: unknown): Judge<string | null> =>
    (definition) =>
      definition === null
        ? [missing(site, `the machine ${name}`)]
        : compared(site, `the machine ${name}`, calledIn(site, definition), wanted);
  const each = [...WANTED_MACHINES].map(([name, wanted]) =>
    looked(
      site,
      `the machine ${name}`,
      'states:DescribeStateMachine',
      () => deployed.machine(name),
      judge(name, wanted),
    ),
  );
  return summed(await Promise.all(each), 'machine', 'states, and the functions that they call, as the stacks say');
}

async function archiveKind(site: Site, deployed: Deployed): Promise<readonly Finding[]> {
  const judge: Judge<DeployedArchive | null> = (archive) => {
    if (archive === null) return [missing(site, 'the archive', ': nothing can be replayed')];
    const found: Shape = {
      'event source': called(site, archive.sourceArn),
      pattern: archive.pattern === null ? null : calledIn(site, archive.pattern),
      'days kept': archive.days,
      state: archive.state,
    };
    return compared(site, 'the archive', found, WANTED_ARCHIVE);
  };
  const faults = await looked(site, 'the archive', 'events:DescribeArchive', deployed.archive, judge);
  return faults.length > 0 ? faults : [good('stacks', 'the archive: source, pattern and days kept as the stacks say')];
}

async function scheduleKind(site: Site, deployed: Deployed): Promise<readonly Finding[]> {
  const judge =
    (name: string, wanted: Shape): Judge<DeployedSchedule | null> =>
    (schedule) => {
      if (schedule === null) return [missing(site, `the schedule ${name}`, ': what it starts does not run')];
      const { expression, state, targetArn, input, deadLetterArn, tries } = schedule;
      const found: Shape = {
        time: expression,
        state,
        target: called(site, targetArn),
        input: input === null ? null : calledIn(site, input),
        'dead-letter queue': deadLetterArn === null ? null : called(site, deadLetterArn),
        ...triesShape(tries),
      };
      return compared(site, `the schedule ${name}`, found, wanted);
    };
  const each = [...WANTED_SCHEDULES].map(([name, wanted]) =>
    looked(site, `the schedule ${name}`, 'scheduler:GetSchedule', () => deployed.schedule(name), judge(name, wanted)),
  );
  const what = 'time, state, target, dead-letter queue and tries as the stacks say';
  return summed(await Promise.all(each), 'schedule', what);
}

async function mappingKind(site: Site, deployed: Deployed): Promise<readonly Finding[]> {
  const what = `the mapping of the queue ${BULK_QUEUE}`;
  const judge: Judge<readonly DeployedMapping[]> = (mappings) => {
    const [mapping, ...more] = mappings;
    if (mapping === undefined) return [missing(site, what, ': nobody takes its messages')];
    if (more.length > 0) {
      const takers = mappings.map(({ functionArn }) => called(site, functionArn));
      return [
        bad('stacks', `${mappings.length} functions take messages from ${BULK_QUEUE}: ${some(takers)}`, redeploy(site)),
      ];
    }
    const found: Shape = {
      function: called(site, mapping.functionArn),
      // What it is while AWS carries out a change.
      state: /^(Creating|Enabling|Updating)$/.test(mapping.state) ? 'Enabled' : mapping.state,
      'messages at once': mapping.batchSize,
      'seconds gathered': mapping.windowSeconds,
      'functions at once': mapping.concurrency,
      answers: mapping.answers,
    };
    return compared(site, what, found, WANTED_MAPPING);
  };
  const faults = await looked(site, what, 'lambda:ListEventSourceMappings', () => deployed.mappings(BULK_QUEUE), judge);
  return faults.length > 0 ? faults : [good('stacks', `${what}: function, state and batch as the stacks say`)];
}

function compared(site: Site, what: string, found: unknown, wanted: unknown): Looked {
  const differing = differences(found, wanted);
  if (differing.length === 0) return [];
  return [bad('stacks', `${what} is not as the stacks say: ${some(differing, '; ')}`, redeploy(site))];
}

function missing(site: Site, what: string, so = ''): Finding {
  return bad('stacks', `${what} is not there${so}`, redeploy(site));
}

async function looked<Found>(
  site: Site,
  what: string,
  right: string,
  look: () => Promise<Found>,
  judge: Judge<Found>,
): Promise<Looked> {
  let found: Found;
  try {
    found = await look();
  } catch (error) {
    const [name, said] = error instanceof Error ? [error.name, error.message] : ['', String(error)];
    return [unknown('stacks', `${what}: not compared (${name}: ${said})`, remedy(site, name, right))];
  }
  return judge(found);
}

function remedy({ local }: Site, name: string, right: string): string {
  if (/^AccessDenied/.test(name)) return `whoever runs this needs ${right} (docs/deployment.md, "The operator")`;
  if (local && name === 'UnknownOperationException') return 'npm start does not answer this; on AWS it is compared';
  return `run doctor again; it asks by ${right}`;
}

/** How many are as they should be, after those that are not. */
function summed(each: readonly Looked[], kind: string, what: string, whose = ''): readonly Finding[] {
  const right = each.filter((findings) => findings.length === 0).length;
  const count = right === each.length ? `${right}` : `${right} of ${each.length}`;
  return [
    ...each.flat(),
    ...(right === 0 ? [] : [good('stacks', `${count} ${kind}${each.length === 1 ? '' : 's'}${whose}: ${what}`)]),
  ];
}

/** `sst deploy` alone believes what it did last; `sst refresh` looks at what is there (sst.dev/docs/reference/cli). */
function redeploy({ stage, local }: Site): string {
  if (local) return 'end npm start and start it again: it runs the stacks as they are';
  return `npx sst refresh --stage ${stage}, then npx sst deploy --stage ${stage}, from the commit that this stage should run`;
}
