import path from 'node:path';
import { WRITE_ORDER } from '@payments/core/record';
import { type Graph, graphOf, type SynthesisedResource } from '@payments/local/graph/graph';
import { synthesiseResources } from '@payments/local/graph/synth';
import { rateMs } from '@payments/local/schedule/schedule';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';

const root = path.dirname(import.meta.dirname);

/** What graph.test.ts asks of the local stage's rules and policies is asked here of every stage's limits. */
describe.each(['local', 'production'])('stage %s', (stage) => {
  let resources: readonly SynthesisedResource[];
  let graph: Graph;

  beforeAll(async () => {
    const synthesis = await synthesiseResources({ root, stage, say: () => {} });
    resources = synthesis.resources;
    graph = graphOf(synthesis, stage);
  }, 120_000);

  const of = (type: string): SynthesisedResource[] => resources.filter((resource) => resource.type === type);

  it('has no rule that is switched off: its events would be taken by nobody', () => {
    expect(graph.rules.length).toBeGreaterThan(0);
    expect(graph.rules.filter(({ enabled }) => !enabled)).toEqual([]);
  });

  it('gives functions no policy of AWS but for logs and the network interfaces of the VPC', () => {
    // Lambda makes a VPC function's network interfaces with the function's role, and EC2 knows no narrower resource.
    const allowed = ['AWSLambdaBasicExecutionRole', 'AWSLambdaVPCAccessExecutionRole'];
    const Role = v.object({ assumeRolePolicy: v.unknown(), managedPolicyArns: v.optional(v.array(v.string()), []) });
    for (const { name, inputs } of of('aws:iam/role:Role')) {
      const { assumeRolePolicy, managedPolicyArns } = v.parse(Role, inputs);
      const policies = managedPolicyArns.map((arn) => arn.split('/').at(-1));
      // The NAT instance of development is reached through Systems Manager instead of an open port.
      const here = JSON.stringify(assumeRolePolicy).includes('ec2.amazonaws.com')
        ? ['AmazonSSMManagedInstanceCore']
        : allowed;
      expect([name, policies.filter((policy) => !here.includes(policy ?? ''))]).toEqual([name, []]);
    }
  });

  it('puts nothing of its own into an environment: SST names the app and the file with the links', () => {
    const known = ['SST_KEY', 'SST_KEY_FILE', 'SST_RESOURCE_App'];
    for (const { name, environment } of graph.functions) {
      expect([name, Object.keys(environment).filter((key) => !known.includes(key))]).toEqual([name, []]);
    }
  });

  it('keeps concurrency for ingress, so that a flood takes none from the functions behind the bus', () => {
    const ingress = graph.functions.filter(({ handler }) => handler.includes('/ingress/'));
    expect(ingress.map(({ reservedConcurrency }) => reservedConcurrency)).toEqual([50]);
  });

  it('retries every step of the flush, and leaves one object for the next when a step stays broken or has to wait', () => {
    const Step = v.object({
      Type: v.literal('Task'),
      TimeoutSeconds: v.number(),
      Retry: v.array(v.object({ ErrorEquals: v.array(v.string()) })),
      Catch: v.array(v.object({ ErrorEquals: v.array(v.string()), Next: v.string() })),
    });
    const Flush = v.object({
      States: v.object({
        'Each object': v.object({
          MaxConcurrency: v.number(),
          ItemProcessor: v.object({ States: v.record(v.string(), v.looseObject({ Type: v.string() })) }),
        }),
      }),
    });
    const flush = graph.machines.find(({ name }) => name.endsWith('-Flush'));
    const each = v.parse(Flush, JSON.parse(flush?.definition ?? '{}')).States['Each object'];
    expect(each.MaxConcurrency).toBe(1);
    const steps = Object.entries(each.ItemProcessor.States).filter(
      ([name, { Type }]) => Type === 'Task' && name !== 'Release',
    );
    expect(steps.map(([name]) => name).sort()).toEqual(['Await', 'Read', 'Settle', 'Take', 'Write']);
    for (const name of ['Waits', 'Failed']) expect(each.ItemProcessor.States[name]).toMatchObject({ Next: 'Release' });
    for (const [name, state] of steps) {
      const step = v.parse(Step, state);
      expect([name, step.Retry[0]?.ErrorEquals, step.Retry.at(-1)?.ErrorEquals]).toEqual([
        name,
        ['NeverRetry'],
        ['States.ALL'],
      ]);
      expect(step.Catch).toEqual([
        { ErrorEquals: ['BudgetWait'], Next: 'Waits' },
        { ErrorEquals: ['States.ALL'], Next: 'Failed' },
      ]);
      const longest = Math.max(
        ...graph.functions.filter(({ handler }) => handler.includes('/bulk/')).map((fn) => fn.timeoutSeconds),
      );
      expect(step.TimeoutSeconds).toBeGreaterThan(longest);
    }
  });

  it('keeps every log for as long as the stage says, and says every call of another system outside production only', () => {
    const [days, level] = stage === 'production' ? [90, 'INFO'] : [30, 'DEBUG'];
    const groups = of('aws:cloudwatch/logGroup:LogGroup');
    expect(groups.length).toBeGreaterThan(graph.functions.length);
    for (const { name, inputs } of groups) {
      expect([name, inputs.retentionInDays]).toEqual([name, days]);
    }
    for (const { name, links } of graph.functions) {
      expect([name, v.parse(v.object({ logLevel: v.string() }), links.Settings).logLevel]).toEqual([name, level]);
    }
  });

  it('flushes every object each minute, parents before children', () => {
    const isFlush = (arn: string) =>
      graph.machines.some((machine) => machine.arn === arn && /-Flush$/.test(machine.name));
    const [schedule, ...others] = graph.schedules.filter(({ targetArn }) => isFlush(targetArn));
    expect(others).toEqual([]);
    expect(schedule?.expression).toBe('rate(1 minute)');
    expect(JSON.parse(schedule?.input ?? '{}')).toEqual({ objects: [...WRITE_ORDER] });
  });

  it('starts by the clock what this table says, as often as it says, and nothing else', () => {
    expect(
      Object.fromEntries(
        graph.schedules.map(({ name, expression, enabled }) => [
          name.replace(`payments-${stage}-`, ''),
          `${expression} ${enabled ? 'on' : 'off'}`,
        ]),
      ),
    ).toEqual({
      flush: 'rate(1 minute) on',
      measure: 'rate(1 minute) on',
      recover: 'rate(1 minute) on',
      redrive: 'rate(1 minute) on',
      'retry-failures': 'rate(5 minutes) on',
      'secret-ages': 'rate(1 hour) on',
      sweep: 'rate(1 hour) on',
      reconcile: 'cron(0 2 * * ? *) off',
    });
    expect(graph.schedules).toHaveLength(8);
  });

  it('runs every other scheduled function to its end before its next turn', () => {
    const scheduled = graph.schedules.flatMap(({ name, expression, targetArn }) => {
      const fn = graph.functions.find(({ arn }) => arn === targetArn);
      // `cron(minute hour * * ? *)`: once a day.
      const daily = /^cron\(\d+ \d+ \* \* \? \*\)$/.test(expression) ? 86_400_000 : 0;
      return fn === undefined ? [] : [{ name, fn, intervalMs: rateMs(expression) ?? daily }];
    });
    expect(scheduled.length).toBe(graph.schedules.length - 1);
    for (const { name, fn, intervalMs } of scheduled) {
      expect(fn.handler).toMatch(/^packages\/functions\/src\/operations\/[a-z-]+-lambda\.handler$/);
      expect([name, fn.timeoutSeconds * 1_000 < intervalMs]).toEqual([name, true]);
    }
  });

  it('takes live events in production and nowhere else', () => {
    const Settings = v.object({ livemode: v.boolean(), stage: v.string() });
    for (const { links } of graph.functions.filter((fn) => 'Settings' in fn.links)) {
      expect(v.parse(Settings, links.Settings)).toEqual({ livemode: stage === 'production', stage });
    }
  });

  it('leaves the VPC by a gateway per zone in production and by an instance elsewhere', () => {
    expect(of('aws:ec2/natGateway:NatGateway')).toHaveLength(stage === 'production' ? 2 : 0);
  });
});
