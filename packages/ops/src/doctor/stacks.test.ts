import { describe, expect, it } from 'vitest';
import type { Deployed } from '../adapters/deployed.ts';
import { arnOf, deployedIn, SITE, type World, world } from './deployed.fixture.ts';
import type { Finding } from './finding.ts';
import { type Site, stackFindings } from './stacks.ts';
import { WANTED_DEFAULT_RULES, WANTED_MACHINES, WANTED_QUEUES, WANTED_RULES, WANTED_SCHEDULES } from './wanted.ts';

const REDEPLOY = 'npx sst refresh --stage blue, then npx sst deploy --stage blue';

const wrong = (findings: readonly Finding[]) => findings.filter(({ state }) => state !== 'good');
const goodOf = (findings: readonly Finding[]) =>
  findings.filter(({ state }) => state === 'good').map(({ what }) => what);

/** What the doctor says once somebody has changed something by hand. */
async function after(change: (told: World) => void): Promise<readonly Finding[]> {
  const told = world();
  change(told);
  return stackFindings(SITE, deployedIn(told));
}

const changed = <Key, Value>(map: Map<Key, Value>, key: Key, to: Partial<Value>) => {
  const before = map.get(key);
  if (before === undefined) throw new Error(`nothing is called ${String(key)}`);
  map.set(key, { ...before, ...to });
};
const rule = (told: World, name: string) => {
  const found = [...(told.rules ?? []), ...told.defaultRules].find((each) => each.name === name);
  if (found === undefined) throw new Error(`no rule is called ${name}`);
  return found;
};
const ruleChanged = (told: World, name: string, to: Partial<ReturnType<typeof rule>>) => {
  const swap = (each: ReturnType<typeof rule>) => (each.name === name ? { ...each, ...to } : each);
  told.rules = (told.rules ?? []).map(swap);
  told.defaultRules = told.defaultRules.map(swap);
};
const targetChanged = (told: World, name: string, to: Partial<ReturnType<typeof rule>['targets'][number]>) =>
  ruleChanged(told, name, { targets: rule(told, name).targets.map((target) => ({ ...target, ...to })) });
const definitionChanged = (told: World, name: string, from: string | RegExp, to: string) => {
  const before = told.machines.get(name) ?? '';
  const next = before.replace(from, to);
  if (next === before) throw new Error(`${name} has no ${String(from)}`);
  told.machines.set(name, next);
};

describe('a deployment that is as the stacks say', () => {
  it('is good in each of its kinds, and each line says what was compared', async () => {
    expect(await stackFindings(SITE, deployedIn(world()))).toEqual(
      [
        /^7 rules of the bus payments-blue-bus: pattern, state, target, its dead-letter queue and tries/,
        /^1 rule of AWS's own bus: pattern, state, target/,
        /^11 queues: seconds hidden and kept, dead-letter queue and receives/,
        /^4 machines: states, and the functions that they call/,
        /^the archive: source, pattern and days kept/,
        /^8 schedules: time, state, target, dead-letter queue and tries/,
        /^the mapping of the queue Bulk: function, state and batch/,
      ].map((what) => ({ part: 'stacks', state: 'good', what: expect.stringMatching(what) })),
    );
  });

  it('is good while a replay has rules of its own, and while AWS carries out a change of the mapping', async () => {
    const findings = await after((told) => {
      told.rules?.push({ ...rule(told, 'bulk'), name: 'replay-1a2b' });
      told.mappings = told.mappings.map((mapping) => ({ ...mapping, state: 'Updating' }));
    });
    expect(wrong(findings)).toEqual([]);
  });
});

describe('what somebody changed by hand', () => {
  const FULL = 'arn:aws:sqs:eu-central-1:999988887777:payments-blue-Bulk';
  it.each<[string, (told: World) => void, string]>([
    [
      "a rule's pattern, by a type that is left out",
      (told) => ruleChanged(told, 'bulk', { pattern: rule(told, 'bulk').pattern.replace('"customer.updated",', '') }),
      'the rule bulk is not as the stacks say: pattern.detail-type lacks customer.updated',
    ],
    [
      "a rule's pattern, by a type too many",
      (told) =>
        ruleChanged(told, 'bulk', {
          pattern: rule(told, 'bulk').pattern.replace('"customer.updated"', '"customer.updated","plan.created"'),
        }),
      'pattern.detail-type has plan.created too many',
    ],
    [
      'a pattern that is none',
      (told) => ruleChanged(told, 'payments', { pattern: '' }),
      'the rule payments is not as the stacks say: pattern is nothing',
    ],
    [
      'a rule that is disabled',
      (told) => ruleChanged(told, 'checkout', { enabled: false }),
      'the rule checkout is disabled',
    ],
    [
      'a rule without a target',
      (told) => ruleChanged(told, 'bulk', { targets: [] }),
      'the rule bulk has 0 targets, one is right',
    ],
    [
      'a second target',
      (told) => ruleChanged(told, 'bulk', { targets: [...rule(told, 'bulk').targets, ...rule(told, 'bulk').targets] }),
      'the rule bulk has 2 targets, one is right',
    ],
    [
      'another target',
      (told) => targetChanged(told, 'payments', { arn: arnOf('machine Checkout') }),
      'the rule payments is not as the stacks say: target is machine Checkout instead of machine Payments',
    ],
    [
      "a target of the right name in somebody else's account",
      (told) => targetChanged(told, 'bulk', { arn: FULL }),
      `target is ${FULL} instead of queue Bulk`,
    ],
    [
      'a target that gets a part of the event',
      (told) => targetChanged(told, 'bulk', { changes: true }),
      'hands is something else than the whole event instead of the whole event',
    ],
    [
      'a target without a dead-letter queue',
      (told) => targetChanged(told, 'unrouted-lane', { deadLetterArn: null }),
      'dead-letter queue is nothing instead of queue UnroutedUndelivered',
    ],
    [
      'a target with the dead-letter queue of another rule',
      (told) => targetChanged(told, 'subscriptions', { deadLetterArn: arnOf('queue BulkUndelivered') }),
      'dead-letter queue is queue BulkUndelivered instead of queue RealtimeUndelivered',
    ],
    [
      'fewer tries',
      (told) => targetChanged(told, 'bulk', { tries: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 3 } }),
      'retries is 3 instead of 185',
    ],
    [
      'a shorter time of trying',
      (told) => targetChanged(told, 'payments', { tries: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 30 } }),
      'seconds that it is tried is 60 instead of 3600',
    ],
    [
      "the rule of AWS's own bus, which no longer hears of one machine",
      (told) =>
        ruleChanged(told, 'failed-executions', {
          pattern: rule(told, 'failed-executions').pattern.replace(`"${arnOf('machine Payments')}",`, ''),
        }),
      'the rule failed-executions is not as the stacks say: pattern.detail.stateMachineArn lacks machine Payments',
    ],
    [
      'the bus, deleted',
      (told) => {
        told.rules = null;
      },
      'the bus payments-blue-bus is not there',
    ],
    [
      'how long a queue hides a message',
      (told) => changed(told.queues, 'Bulk', { hiddenSeconds: 30 }),
      'the queue Bulk is not as the stacks say: seconds hidden is 30 instead of 420',
    ],
    [
      'how long a queue keeps a message',
      (told) => changed(told.queues, 'BulkParked', { keptSeconds: 345_600 }),
      'the queue BulkParked is not as the stacks say: seconds kept is 345600 instead of 1209600',
    ],
    [
      'a queue without its dead-letter queue',
      (told) => changed(told.queues, 'Bulk', { redrive: null }),
      'dead-letter queue is nothing instead of queue BulkPoisoned; receives is nothing instead of 30',
    ],
    [
      'a queue with another dead-letter queue',
      (told) =>
        changed(told.queues, 'Bulk', { redrive: { deadLetterArn: arnOf('queue Unrouted'), maxReceiveCount: 30 } }),
      'dead-letter queue is queue Unrouted instead of queue BulkPoisoned',
    ],
    [
      'how often a message is received',
      (told) =>
        changed(told.queues, 'Bulk', { redrive: { deadLetterArn: arnOf('queue BulkPoisoned'), maxReceiveCount: 3 } }),
      'receives is 3 instead of 30',
    ],
    [
      'a dead-letter queue that gives its messages away',
      (told) =>
        changed(told.queues, 'Unrouted', {
          redrive: { deadLetterArn: arnOf('queue BulkPoisoned'), maxReceiveCount: 5 },
        }),
      'the queue Unrouted is not as the stacks say: dead-letter queue is queue BulkPoisoned instead of nothing',
    ],
    [
      'a state that calls another function',
      (told) => definitionChanged(told, 'Payments', arnOf('function Sync'), arnOf('function Settle')),
      'the machine Payments is not as the stacks say: States.Sync.Parameters.FunctionName is function Settle instead of function Sync',
    ],
    [
      'a state that calls a function of another stage',
      (told) => definitionChanged(told, 'Flush', 'payments-blue-WriteFunction', 'payments-green-WriteFunction'),
      'function:payments-green-WriteFunction-abcdefhk instead of function Write',
    ],
    [
      'a machine that tries otherwise',
      (told) => definitionChanged(told, 'Checkout', /"MaxAttempts":\d+/, '"MaxAttempts":99'),
      'the machine Checkout is not as the stacks say: States.Claim.Retry.0.MaxAttempts is 99 instead of',
    ],
    [
      'a state too many',
      (told) => definitionChanged(told, 'Subscriptions', '"States":{', '"States":{"Hold":{"Type":"Succeed"},'),
      'States.Hold is {"Type":"Succeed"} instead of nothing',
    ],
    [
      'a definition that is no JSON',
      (told) => told.machines.set('Flush', 'of somebody else'),
      'the machine Flush is not as the stacks say',
    ],
    [
      'how long the archive keeps events',
      (told) => {
        if (told.archive !== null) told.archive = { ...told.archive, days: 0 };
      },
      'the archive is not as the stacks say: days kept is 0 instead of 30',
    ],
    [
      'which events the archive keeps',
      (told) => {
        if (told.archive !== null) told.archive = { ...told.archive, pattern: '{"source":["stripe"]}' };
      },
      'the archive is not as the stacks say: pattern.source lacks stripe.webhook; pattern.source has stripe too many',
    ],
    [
      'an archive that keeps everything',
      (told) => {
        if (told.archive !== null) told.archive = { ...told.archive, pattern: null };
      },
      'pattern is nothing instead of {"source":["stripe.webhook"]}',
    ],
    [
      'the bus that the archive listens to',
      (told) => {
        const sourceArn = 'arn:aws:events:eu-central-1:111122223333:event-bus/default';
        if (told.archive !== null) told.archive = { ...told.archive, sourceArn };
      },
      'event source is arn:aws:events:eu-central-1:111122223333:event-bus/default instead of the bus',
    ],
    [
      'an archive that keeps nothing',
      (told) => {
        if (told.archive !== null) told.archive = { ...told.archive, state: 'DISABLED' };
      },
      'the archive is not as the stacks say: state is DISABLED instead of ENABLED',
    ],
    [
      'the archive, deleted',
      (told) => {
        told.archive = null;
      },
      'the archive is not there: nothing can be replayed',
    ],
    [
      'a schedule that is off',
      (told) => changed(told.schedules, 'flush', { state: 'DISABLED' }),
      'the schedule flush is not as the stacks say: state is DISABLED instead of ENABLED',
    ],
    [
      'a schedule that is on, and should not be',
      (told) => changed(told.schedules, 'reconcile', { state: 'ENABLED' }),
      'the schedule reconcile is not as the stacks say: state is ENABLED instead of DISABLED',
    ],
    [
      'how often a schedule starts',
      (told) => changed(told.schedules, 'sweep', { expression: 'rate(1 day)' }),
      'time is rate(1 day) instead of rate(1 hour)',
    ],
    [
      'what a schedule starts',
      (told) => changed(told.schedules, 'redrive', { targetArn: arnOf('function Sweep') }),
      'target is function Sweep instead of function Redrive',
    ],
    [
      'with what a schedule starts it',
      (told) => changed(told.schedules, 'flush', { input: '{"objects":["Stripe_Customer__c"]}' }),
      'input.objects lacks Stripe_Subscription__c, Payment_Transaction__c, Pricing_Plan__c, 1 more',
    ],
    [
      "a schedule's dead-letter queue",
      (told) => changed(told.schedules, 'measure', { deadLetterArn: null }),
      'dead-letter queue is nothing instead of queue OperationsUnstarted',
    ],
    [
      "a schedule's tries",
      (told) =>
        changed(told.schedules, 'recover', { tries: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 185 } }),
      'retries is 185 instead of 0',
    ],
    [
      'who takes from the queue',
      (told) => {
        told.mappings = told.mappings.map((each) => ({ ...each, functionArn: arnOf('function Claim') }));
      },
      'the mapping of the queue Bulk is not as the stacks say: function is function Claim instead of function Aggregate',
    ],
    [
      'a second one who takes from the queue',
      (told) => {
        told.mappings = [
          ...told.mappings,
          ...told.mappings.map((each) => ({ ...each, functionArn: arnOf('function Claim') })),
        ];
      },
      '2 functions take messages from Bulk: function Aggregate, function Claim',
    ],
    [
      'nobody who takes from the queue',
      (told) => {
        told.mappings = [];
      },
      'the mapping of the queue Bulk is not there: nobody takes its messages',
    ],
    [
      'a mapping that is off',
      (told) => {
        told.mappings = told.mappings.map((each) => ({ ...each, state: 'Disabled' }));
      },
      'state is Disabled instead of Enabled',
    ],
    [
      'a larger batch',
      (told) => {
        told.mappings = told.mappings.map((each) => ({ ...each, batchSize: 10_000 }));
      },
      'messages at once is 10000 instead of 200',
    ],
    [
      'a longer window',
      (told) => {
        told.mappings = told.mappings.map((each) => ({ ...each, windowSeconds: 300 }));
      },
      'seconds gathered is 300 instead of 5',
    ],
    [
      'no limit on how many run',
      (told) => {
        told.mappings = told.mappings.map((each) => ({ ...each, concurrency: null }));
      },
      'functions at once is nothing instead of 5',
    ],
    [
      'a batch that fails as a whole',
      (told) => {
        told.mappings = told.mappings.map((each) => ({ ...each, answers: [] }));
      },
      'answers lacks ReportBatchItemFailures',
    ],
  ])('%s: one fault, what it is and how to mend it', async (_, change, words) => {
    expect(wrong(await after(change))).toEqual([
      { part: 'stacks', state: 'bad', what: expect.stringContaining(words), mend: expect.stringContaining(REDEPLOY) },
    ]);
  });

  it.each(['mine', 'payments-green-bulk'])('the rule %s, which is not of the stacks, and its mending', async (name) => {
    expect(wrong(await after((told) => told.rules?.push({ ...rule(told, 'bulk'), name })))).toEqual([
      {
        part: 'stacks',
        state: 'bad',
        what: `the rule ${name} is not of the stacks: events may take two roads`,
        mend: 'delete it in EventBridge',
      },
    ]);
  });

  it('leaves rules of other stages on the bus that all of them share alone', async () => {
    const more = (told: World) => told.defaultRules.push({ ...rule(told, 'failed-executions'), name: 'green-failed' });
    expect(wrong(await after(more))).toEqual([]);
  });

  it('tells everything that is wrong with a thing in one line, and how many others are right', async () => {
    const findings = await after((told) =>
      changed(told.queues, 'Bulk', { hiddenSeconds: 30, keptSeconds: 60, redrive: null }),
    );
    expect(wrong(findings)).toHaveLength(1);
    expect(wrong(findings)[0]?.what).toContain('seconds hidden is 30 instead of 420; seconds kept is 60');
    expect(wrong(findings)[0]?.what).toContain('; 1 more');
    expect(goodOf(findings)).toContainEqual(expect.stringMatching(/^10 of 11 queues: /));
  });

  it('is mended on this machine by starting it again', async () => {
    const told = world();
    told.queues.delete('Bulk');
    const [fault] = wrong(await stackFindings({ ...SITE, local: true }, deployedIn(told)));
    expect(fault?.mend).toBe('end npm start and start it again: it runs the stacks as they are');
  });
});

describe('what is not there', () => {
  it.each([
    ...[...WANTED_RULES.keys(), ...WANTED_DEFAULT_RULES.keys()].map((name) => ['rule', name] as const),
    ...[...WANTED_QUEUES.keys()].map((name) => ['queue', name] as const),
    ...[...WANTED_MACHINES.keys()].map((name) => ['machine', name] as const),
    ...[...WANTED_SCHEDULES.keys()].map((name) => ['schedule', name] as const),
  ])('the %s %s: one fault, with the way to have it again', async (kind, name) => {
    const findings = await after((told) => {
      told.rules = (told.rules ?? []).filter((each) => each.name !== name || kind !== 'rule');
      told.defaultRules = told.defaultRules.filter((each) => each.name !== name || kind !== 'rule');
      if (kind === 'queue') told.queues.delete(name);
      if (kind === 'machine') told.machines.delete(name);
      if (kind === 'schedule') told.schedules.delete(name);
    });
    expect(wrong(findings)).toEqual([
      {
        part: 'stacks',
        state: 'bad',
        what: expect.stringMatching(new RegExp(`^the ${kind} ${name} is not there`)),
        mend: expect.stringContaining(REDEPLOY),
      },
    ]);
  });
});

describe('what AWS does not tell', () => {
  const refusal = (name: string) => Object.assign(new Error('not authorised'), { name });
  const whole = deployedIn(world());
  /** `all`: things of a kind, of which the first is refused. */
  const refusing = (name: string): readonly [string, Partial<Deployed>, string, RegExp, RegExp | null][] => {
    const refuse = async () => {
      throw refusal(name);
    };
    const once =
      <Found>(one: string, look: (name: string) => Promise<Found>) =>
      (asked: string) =>
        asked === one ? refuse() : look(asked);
    return [
      [
        'the rules of the bus',
        { rules: (bus) => (bus === 'own' ? refuse() : whole.rules(bus)) },
        'events:ListRules',
        /the bus payments-blue-bus/,
        null,
      ],
      [
        "the rules of AWS's bus",
        { rules: (bus) => (bus === 'default' ? refuse() : whole.rules(bus)) },
        'events:ListTargetsByRule',
        /AWS's own bus/,
        null,
      ],
      [
        'one queue',
        { queue: once('Bulk', whole.queue) },
        'sqs:GetQueueAttributes',
        /^the queue Bulk/,
        /^10 of 11 queues/,
      ],
      [
        'one machine',
        { machine: once('Flush', whole.machine) },
        'states:DescribeStateMachine',
        /^the machine Flush/,
        /^3 of 4 machines/,
      ],
      ['the archive', { archive: refuse }, 'events:DescribeArchive', /the archive/, null],
      [
        'one schedule',
        { schedule: once('flush', whole.schedule) },
        'scheduler:GetSchedule',
        /^the schedule flush/,
        /^7 of 8 schedules/,
      ],
      ['the mapping', { mappings: refuse }, 'lambda:ListEventSourceMappings', /the mapping/, null],
    ];
  };

  it.each(refusing('AccessDeniedException'))(
    '%s: is not compared, never good, and the right that is missing is named',
    async (_, deployed, right, what, rest) => {
      const findings = await stackFindings(SITE, { ...whole, ...deployed });
      expect(wrong(findings)).toEqual([
        {
          part: 'stacks',
          state: 'unknown',
          what: expect.stringMatching(/: not compared \(AccessDeniedException: not authorised\)$/),
          mend: expect.stringMatching(new RegExp(`^whoever runs this needs .*${right}`)),
        },
      ]);
      expect(wrong(findings)[0]?.what).toMatch(what);
      // Nothing that is good speaks of it.
      if (rest === null) expect(goodOf(findings).filter((line) => what.test(line))).toEqual([]);
      else expect(goodOf(findings)).toContainEqual(expect.stringMatching(rest));
    },
  );

  const silent = (name: string): Deployed => {
    const refuse = async () => {
      throw refusal(name);
    };
    return { rules: refuse, machine: refuse, queue: refuse, archive: refuse, schedule: refuse, mappings: refuse };
  };

  it('leaves nothing good when it tells nothing', async () => {
    const findings = await stackFindings(SITE, silent('AccessDenied'));
    expect(new Set(findings.map(({ state }) => state))).toEqual(new Set(['unknown']));
    // Two buses, the archive, the mapping, and each of the rest.
    expect(findings).toHaveLength(4 + WANTED_QUEUES.size + WANTED_MACHINES.size + WANTED_SCHEDULES.size);
  });

  it.each<[string, Site, string, RegExp]>([
    ['because npm start does not answer', { ...SITE, local: true }, 'UnknownOperationException', /npm start does not/],
    ['for another reason', SITE, 'TimeoutError', /run doctor again; it asks by /],
  ])('%s: says what to do', async (_, site, name, mend) => {
    for (const finding of await stackFindings(site, silent(name))) expect(finding.mend).toMatch(mend);
  });
});
