import path from 'node:path';
import { aslRetry, delaysOf, REALTIME_RETRIERS } from '@payments/core/retry-policy';
import { SOURCE, typesIn } from '@payments/core/routes';
import { matches } from '@payments/local/bus/pattern';
import { type Graph, graphOf, type SynthesisedResource } from '@payments/local/graph/graph';
import { synthesiseResources } from '@payments/local/graph/synth';
import {
  BULK_QUEUE,
  DEAD_LETTER_QUEUE_NAMES,
  DEAD_LETTER_QUEUES,
  FLUSH_MACHINE,
  MACHINE_NAMES,
} from '@payments/ops/deployment/places';
import validateAsl from 'asl-validator';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';

const root = path.dirname(import.meta.dirname);
let resources: readonly SynthesisedResource[];
let graph: Graph;

beforeAll(async () => {
  const synthesis = await synthesiseResources({ root, stage: 'local', say: () => {} });
  resources = synthesis.resources;
  graph = graphOf(synthesis, 'local');
}, 120_000);

const of = (type: string): SynthesisedResource[] => resources.filter((resource) => resource.type === type);
const event = (type: string, detail: object) => ({
  source: SOURCE,
  'detail-type': type,
  detail,
  account: '1',
  region: 'x',
  resources: [],
});

const Statement = v.object({
  effect: v.optional(v.string(), 'Allow'),
  actions: v.array(v.string()),
  resources: v.optional(v.array(v.string()), []),
  conditions: v.optional(v.array(v.unknown()), []),
});
const Policy = v.pipe(v.string(), v.parseJson(), v.object({ statements: v.array(Statement) }));
const RoleInputs = v.object({ inlinePolicies: v.optional(v.array(v.object({ policy: Policy })), []) });

type Found = { readonly role: string; readonly action: string; readonly resource: string };
function grants(): Found[] {
  return of('aws:iam/role:Role').flatMap(({ name, inputs }) =>
    v
      .parse(RoleInputs, inputs)
      .inlinePolicies.flatMap(({ policy }) =>
        policy.statements.flatMap((statement) =>
          statement.actions.flatMap((action) =>
            statement.resources.map((resource) => ({ role: name, action, resource })),
          ),
        ),
      ),
  );
}

describe('the bus rules', () => {
  const routed = [...new Set([...typesIn('realtime'), ...typesIn('bulk')])];
  const details = [
    { priority: 'high' },
    { priority: 'low' },
    { priority: 'urgent' },
    { priority: null },
    { priority: 7 },
    {},
  ];
  const types = [
    ...routed,
    'payment_intent.failed',
    'customer.subscription',
    'checkout.session.completed.v2',
    'unknown.thing',
  ];
  const matching = (subject: object) =>
    graph.rules
      .filter(({ busName, pattern }) => busName !== 'default' && matches(pattern, subject))
      .map(({ name }) => name);

  it.each(types.flatMap((type) => details.map((detail) => ({ type, detail }))))(
    'take $type $detail exactly once',
    ({ type, detail }) => {
      expect(matching(event(type, detail))).toHaveLength(1);
    },
  );

  it('send each routed type and priority down the road that the table names', () => {
    for (const type of typesIn('bulk'))
      expect(matching(event(type, { priority: 'low' }))).toEqual(['payments-local-bulk']);
    for (const machine of ['payments', 'subscriptions', 'checkout'] as const) {
      for (const type of typesIn('realtime', machine))
        expect(matching(event(type, { priority: 'high' }))).toEqual([`payments-local-${machine}`]);
    }
  });

  it('leave events of other sources alone', () => {
    expect(matching({ ...event('invoice.paid', { priority: 'low' }), source: 'somebody.else' })).toEqual([]);
  });

  it('stay within 2,048 characters each', () => {
    for (const { name, pattern } of graph.rules) expect([name, pattern.length <= 2_048]).toEqual([name, true]);
  });

  it('have targets, each with a retry policy and a dead-letter queue that the rule may send to', () => {
    const queueArns = new Set(graph.queues.map(({ arn }) => arn));
    expect(graph.targets.map(({ ruleName }) => ruleName).sort()).toEqual(graph.rules.map(({ name }) => name).sort());
    for (const target of graph.targets) {
      expect(target.retryPolicy?.maximumEventAgeInSeconds).toBeGreaterThanOrEqual(3_600);
      expect(target.retryPolicy?.maximumRetryAttempts).toBeGreaterThanOrEqual(30);
      expect(queueArns).toContain(target.deadLetterArn);
      const rule = graph.rules.find(({ name }) => name === target.ruleName);
      expect(sourcesAllowed(target.deadLetterArn ?? '')).toContain(rule?.arn);
      if (target.arn.includes(':sqs:')) expect(sourcesAllowed(target.arn)).toContain(rule?.arn);
    }
  });

  it('let a replay of some types or objects hand them to the same targets, by rules of its own', () => {
    const rules = graph.buses[0]?.arn.replace(':event-bus/', ':rule/');
    const lanes = graph.targets.filter(({ ruleName }) => /-(payments|subscriptions|checkout|bulk)$/.test(ruleName));
    expect(lanes).toHaveLength(4);
    for (const { arn, deadLetterArn } of lanes) {
      for (const queue of [deadLetterArn ?? '', ...(arn.includes(':sqs:') ? [arn] : [])]) {
        expect(sourcesAllowed(queue)).toContain(`${rules}/payments-local-replay-*`);
      }
    }
  });

  function sourcesAllowed(queueArn: string): string[] {
    const Condition = v.object({ variable: v.literal('aws:SourceArn'), values: v.array(v.string()) });
    return of('aws:sqs/queuePolicy:QueuePolicy').flatMap(({ inputs }) => {
      const { statements } = v.parse(Policy, inputs.policy);
      return statements
        .filter((statement) => statement.resources.includes(queueArn) && statement.actions.includes('sqs:SendMessage'))
        .flatMap(({ conditions }) => conditions.flatMap((condition) => v.parse(Condition, condition).values));
    });
  }

  it('start machines with a role that may start that machine only', () => {
    for (const target of graph.targets.filter(({ arn }) => arn.includes(':states:'))) {
      const role = target.roleArn?.split('/').at(-1);
      expect(grants().filter((grant) => grant.role === role)).toEqual([
        { role, action: 'states:StartExecution', resource: target.arn },
      ]);
    }
  });

  it('are archived for thirty days', () => {
    expect(graph.archives).toHaveLength(1);
    expect(graph.archives[0]).toMatchObject({ retentionDays: 30, eventSourceArn: graph.buses[0]?.arn });
    expect(matches(graph.archives[0]?.eventPattern ?? '{}', event('unknown.thing', {}))).toBe(true);
  });
});

describe('the queues', () => {
  it('have a dead-letter queue or are one', () => {
    const last = new Set([
      ...graph.targets.flatMap(({ deadLetterArn }) => deadLetterArn ?? []),
      ...graph.queues.flatMap(({ redrive }) => redrive?.deadLetterArn ?? []),
    ]);
    // Read by people only: what lands there has no consumer that could fail.
    const endings = new Set([
      'payments-local-Unrouted',
      'payments-local-FailedExecutions',
      'payments-local-BulkParked',
      // The schedules', which are asked about below.
      'payments-local-FlushUnstarted',
      'payments-local-OperationsUnstarted',
    ]);
    for (const queue of graph.queues)
      expect([queue.name, queue.redrive !== null || last.has(queue.arn) || endings.has(queue.name)]).toEqual([
        queue.name,
        true,
      ]);
  });

  it('are known by name to the operator, who asks each dead-letter queue', () => {
    const names = graph.queues.map(({ name }) => name.replace('payments-local-', ''));
    expect(new Set([BULK_QUEUE, ...DEAD_LETTER_QUEUE_NAMES])).toEqual(new Set(names));
    expect(new Set(DEAD_LETTER_QUEUE_NAMES)).toEqual(new Set(Object.keys(DEAD_LETTER_QUEUES)));
    const machines = graph.machines.map(({ name }) => name.replace('payments-local-', ''));
    expect(new Set([FLUSH_MACHINE, ...Object.values(MACHINE_NAMES)])).toEqual(new Set(machines));
  });

  it('keep messages for fourteen days, encrypted', () => {
    for (const { inputs, name } of of('aws:sqs/queue:Queue')) {
      expect([name, inputs.messageRetentionSeconds, inputs.sqsManagedSseEnabled]).toEqual([name, 1_209_600, true]);
    }
  });

  it('hide a message for at least six function time-outs and the window, and let it wait for more than three hours', () => {
    expect(graph.mappings).toHaveLength(1);
    for (const mapping of graph.mappings) {
      const queue = graph.queues.find(({ arn }) => arn === mapping.queueArn);
      const fn = graph.functions.find(({ arn }) => arn === mapping.functionArn);
      expect(queue?.visibilityTimeoutSeconds).toBeGreaterThanOrEqual(
        6 * (fn?.timeoutSeconds ?? Infinity) + mapping.windowSeconds,
      );
      const waitsSeconds = (queue?.redrive?.maxReceiveCount ?? 0) * (queue?.visibilityTimeoutSeconds ?? 0);
      expect(waitsSeconds).toBeGreaterThan(3 * 3600);
      expect(mapping.partialResponses).toBe(true);
      expect(mapping.maximumConcurrency).toBeLessThanOrEqual(5);
    }
  });
});

describe('a schedule', () => {
  it('leaves a start that failed to the next minute, and keeps it as a dead letter that its role may write', () => {
    const Target = v.object({
      roleArn: v.string(),
      retryPolicy: v.object({ maximumRetryAttempts: v.number(), maximumEventAgeInSeconds: v.number() }),
      deadLetterConfig: v.object({ arn: v.string() }),
    });
    for (const { inputs } of of('aws:scheduler/schedule:Schedule')) {
      const target = v.parse(Target, inputs.target);
      expect(target.retryPolicy).toEqual({ maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 });
      expect(graph.queues.map(({ arn }) => arn)).toContain(target.deadLetterConfig.arn);
      expect(grants()).toContainEqual({
        role: target.roleArn.split('/').at(-1),
        action: 'sqs:SendMessage',
        resource: target.deadLetterConfig.arn,
      });
    }
  });

  it('starts its own machine or function and no other', () => {
    const Target = v.object({ arn: v.string(), roleArn: v.string() });
    for (const { inputs } of of('aws:scheduler/schedule:Schedule')) {
      const { arn, roleArn } = v.parse(Target, inputs.target);
      const role = roleArn.split('/').at(-1);
      const starts = grants().filter((grant) => grant.role === role && grant.action !== 'sqs:SendMessage');
      const action = arn.includes(':states:') ? 'states:StartExecution' : 'lambda:InvokeFunction';
      expect(starts).toEqual([{ role, action, resource: arn }]);
    }
  });
});

describe('permissions', () => {
  // X-Ray and log delivery know no narrower resource.
  const WIDE =
    /^(xray:(Put|Get)|logs:(CreateLogDelivery|GetLogDelivery|UpdateLogDelivery|DeleteLogDelivery|ListLogDeliveries|PutResourcePolicy|DescribeResourcePolicies|DescribeLogGroups)$)/;

  it('name actions and resources, but for X-Ray and log delivery', () => {
    const wide = grants().filter(
      ({ action, resource }) => action.includes('*') || (resource === '*' && !WIDE.test(action)),
    );
    expect(wide).toEqual([]);
  });

  it('let each function read only the secrets that it is linked to', () => {
    for (const fn of graph.functions) {
      const name = fn.name.replace(/^payments-local-(.*)Function(-.*)?$/, '$1Role');
      const readable = grants().filter(
        ({ role, action }) => role === name && action === 'secretsmanager:GetSecretValue',
      );
      const linked = ['StripeSigningSecret', 'StripeApiKey', 'SalesforceClient'].filter((link) => link in fn.links);
      expect([fn.name, readable.filter(({ resource }) => !resource.includes('Redis')).length]).toEqual([
        fn.name,
        linked.length,
      ]);
      expect([fn.name, readable.some(({ resource }) => resource.includes('Redis'))]).toEqual([
        fn.name,
        'RedisCluster' in fn.links,
      ]);
    }
  });

  it('let ingress publish, read its secret, and nothing else', () => {
    const actions = grants()
      .filter(({ role }) => role === 'IngressRole')
      .map(({ action }) => action);
    expect(new Set(actions)).toEqual(
      new Set([
        'events:PutEvents',
        'events:DescribeEventBus',
        'secretsmanager:GetSecretValue',
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
      ]),
    );
  });
});

describe('the functions', () => {
  it('let recover replay our archive to the rules of both lanes, under names of its own, and follow that', () => {
    const Archive = v.object({ arn: v.string(), busArn: v.string(), ruleArns: v.array(v.string()), name: v.string() });
    const { links } = graph.functions.find(({ handler }) => handler.includes('/recover-lambda')) ?? {};
    const archive = v.parse(Archive, links?.Archive);
    expect([archive.name, archive.busArn]).toEqual([graph.archives[0]?.name, graph.buses[0]?.arn]);
    const lanes = graph.rules.filter(({ name }) => /-(payments|subscriptions|checkout|bulk)$/.test(name));
    expect(lanes).toHaveLength(4);
    // A filter that names no rule of the bus would replay nothing, and be called completed.
    const ruleOn = `${archive.busArn.replace(':event-bus/', ':rule/')}/`;
    expect([...archive.ruleArns].sort()).toEqual(lanes.map(({ name }) => `${ruleOn}${name}`).sort());
    const replays = `${archive.arn.replace(/:archive\/.*/, ':replay/')}payments-local-recover-*`;
    const allowed = grants().filter(({ role, action }) => role === 'RecoverRole' && action.startsWith('events:'));
    expect(allowed.map(({ action, resource }) => [action, resource])).toEqual([
      ['events:DescribeArchive', archive.arn],
      ['events:StartReplay', archive.arn],
      ['events:StartReplay', replays],
      ['events:DescribeReplay', replays],
    ]);
  });

  it('have no secret in their environment: links name secrets, they do not hold them', () => {
    const keyLike = /sk_(live|test)_|rk_(live|test)_|whsec_|password|secretString|clientSecret/i;
    for (const fn of graph.functions) {
      expect(JSON.stringify(fn.environment)).not.toMatch(keyLike);
      expect(JSON.stringify(fn.links)).not.toMatch(keyLike);
    }
  });

  it('run on arm64 with Node 24, JSON logs that end, and X-Ray', () => {
    const groups = new Map(
      of('aws:cloudwatch/logGroup:LogGroup').map(({ inputs }) => [inputs.name, inputs.retentionInDays]),
    );
    for (const { name, inputs } of of('aws:lambda/function:Function')) {
      expect([name, inputs.architectures, inputs.runtime, inputs.tracingConfig]).toEqual([
        name,
        ['arm64'],
        'nodejs24.x',
        { mode: 'Active' },
      ]);
      const logging = v.parse(v.object({ logFormat: v.string(), logGroup: v.string() }), inputs.loggingConfig);
      expect(logging.logFormat).toBe('JSON');
      expect(groups.get(logging.logGroup)).toBeGreaterThan(0);
    }
  });

  it('that touch Redis are in the VPC; ingress is outside', () => {
    for (const { name, inputs } of of('aws:lambda/function:Function')) {
      const fn = graph.functions.find(({ name: physical }) => physical === inputs.name);
      expect([name, inputs.vpcConfig !== undefined]).toEqual([name, fn !== undefined && 'RedisCluster' in fn.links]);
    }
  });

  it('are bundled from files that exist', async () => {
    const { access } = await import('node:fs/promises');
    for (const { handler } of graph.functions) await access(path.join(root, `${handler.replace(/\.handler$/, '')}.ts`));
  });
});

describe('every log group', () => {
  it('has a retention', () => {
    const groups = of('aws:cloudwatch/logGroup:LogGroup');
    expect(groups.length).toBeGreaterThan(10);
    for (const { name, inputs } of groups) expect([name, Number(inputs.retentionInDays) > 0]).toEqual([name, true]);
  });
});

describe('the machines', () => {
  it('pass asl-validator, with no JSONata and no placeholder left', () => {
    expect(graph.machines.map(({ name }) => name).sort()).toEqual([
      'payments-local-Checkout',
      'payments-local-Flush',
      'payments-local-Payments',
      'payments-local-Subscriptions',
    ]);
    for (const { name, definition } of graph.machines) {
      const { isValid, errors } = validateAsl(JSON.parse(definition));
      expect([name, isValid, errors]).toEqual([name, true, []]);
      expect(definition).not.toMatch(/JSONata|\$\{|"Assign"|"Arguments"|"Output":/);
    }
  });

  it('retry and park as the design says', () => {
    const Task = v.object({
      TimeoutSeconds: v.number(),
      Retry: v.array(v.looseObject({ ErrorEquals: v.array(v.string()), MaxAttempts: v.number() })),
      Catch: v.array(v.looseObject({ Next: v.string() })),
    });
    for (const { definition } of graph.machines.filter(({ name }) => !name.endsWith('Flush'))) {
      const { States, TimeoutSeconds: machineSeconds } = JSON.parse(definition);
      for (const state of ['Claim', 'Sync', 'Settle']) {
        const { Retry, Catch, TimeoutSeconds } = v.parse(Task, States[state]);
        expect(Retry).toEqual(aslRetry(REALTIME_RETRIERS));
        // Every try of a step that waits for an outage, at its longest, ends before the machine does.
        const waits = delaysOf(REALTIME_RETRIERS, 'BudgetWait');
        const longest = waits.reduce((sum, seconds) => sum + seconds, (waits.length + 1) * TimeoutSeconds);
        expect(machineSeconds).toBeGreaterThan(longest);
        expect(Catch.map(({ Next }) => Next)).toEqual(['Park']);
      }
      expect(States.Parked).toMatchObject({ Type: 'Fail', ErrorPath: '$.error.Error' });
    }
  });

  it('are Standard, log errors without data, are traced, and invoke their own functions only', () => {
    for (const { name, inputs } of of('aws:sfn/stateMachine:StateMachine')) {
      expect([name, inputs.type, inputs.tracingConfiguration]).toEqual([name, 'STANDARD', { enabled: true }]);
      expect(inputs.loggingConfiguration).toMatchObject({ level: 'ERROR', includeExecutionData: false });
    }
    const invocable = grants().filter(({ role, action }) => role === 'FlushRole' && action === 'lambda:InvokeFunction');
    expect(invocable.map(({ resource }) => resource.replace(/.*payments-local-(.*)Function-.*/, '$1')).sort()).toEqual([
      'Await',
      'Read',
      'Release',
      'Report',
      'SettleBatch',
      'Take',
      'Write',
    ]);
  });
});

describe('Redis', () => {
  it('never evicts, has a replica, TLS and an auth token', () => {
    expect(of('aws:elasticache/parameterGroup:ParameterGroup')[0]?.inputs.parameters).toContainEqual({
      name: 'maxmemory-policy',
      value: 'noeviction',
    });
    expect(of('aws:elasticache/replicationGroup:ReplicationGroup')[0]?.inputs).toMatchObject({
      engine: 'valkey',
      replicasPerNodeGroup: 1,
      multiAzEnabled: true,
      transitEncryptionEnabled: true,
      atRestEncryptionEnabled: true,
    });
    expect(of('aws:elasticache/replicationGroup:ReplicationGroup')[0]?.inputs.authToken).toBeDefined();
  });
});

describe('alarms that could never ring', () => {
  const alarmed = (namespace: string) =>
    of('aws:cloudwatch/metricAlarm:MetricAlarm')
      .filter(({ inputs }) => inputs.namespace === namespace)
      .map(({ inputs }) => v.parse(v.record(v.string(), v.string()), inputs.dimensions));

  it('are not there: topics that CloudWatch may publish to', () => {
    for (const { inputs } of of('aws:sns/topic:Topic')) expect(inputs.kmsMasterKeyId).not.toBe('alias/aws/sns');
  });

  it('are not there: EventBridge counts by rule, and by bus and rule on a bus of our own', () => {
    const expected = graph.rules.map(({ name, busName }) =>
      busName === 'default' ? { RuleName: name } : { EventBusName: busName, RuleName: name },
    );
    for (const dimensions of expected) expect(alarmed('AWS/Events')).toContainEqual(dimensions);
    for (const dimensions of alarmed('AWS/Events')) expect(expected).toContainEqual(dimensions);
  });

  it('are not there: ElastiCache counts by node', () => {
    expect(alarmed('AWS/ElastiCache')).toHaveLength(8);
    for (const dimensions of alarmed('AWS/ElastiCache')) {
      expect(Object.keys(dimensions)).toEqual(['CacheClusterId']);
      expect(dimensions.CacheClusterId).toMatch(/-0001-00[12]$/);
    }
  });
});

describe('the doors', () => {
  it('throttle, and lead to ingress alone', () => {
    expect(graph.routes.map(({ method, path: route }) => `${method} ${route}`).sort()).toEqual([
      'GET /health',
      'POST /webhook/stripe',
    ]);
    expect(new Set(graph.routes.map(({ functionArn }) => functionArn)).size).toBe(1);
    expect(of('aws:apigatewayv2/stage:Stage')[0]?.inputs.defaultRouteSettings).toMatchObject({
      throttlingRateLimit: 250,
      throttlingBurstLimit: 500,
    });
  });
});
