import path from 'node:path';
import { type Graph, graphOf } from '@payments/local/graph/graph';
import { synthesiseResources } from '@payments/local/graph/synth';
import type { Deployed, DeployedRule } from '@payments/ops/adapters/deployed';
import { stackFindings } from '@payments/ops/doctor/stacks';
import { WANTED_MACHINES, WANTED_QUEUES, WANTED_SCHEDULES } from '@payments/ops/doctor/wanted';
import { beforeAll, describe, expect, it } from 'vitest';
import { PATIENT_TRIES, type Tries } from './waiting.ts';

const root = path.dirname(import.meta.dirname);

/** A deployment that is exactly what a stage's stacks say. */
function deployedIn(graph: Graph, prefix: string): Deployed {
  const named = <Thing extends { readonly name: string }>(things: readonly Thing[], name: string) =>
    things.find((thing) => thing.name === `${prefix}-${name}`);
  const triesOf = (policy: Graph['targets'][number]['retryPolicy'] | null): Tries => ({
    maximumEventAgeInSeconds: policy?.maximumEventAgeInSeconds ?? PATIENT_TRIES.maximumEventAgeInSeconds,
    maximumRetryAttempts: policy?.maximumRetryAttempts ?? PATIENT_TRIES.maximumRetryAttempts,
  });
  return {
    rules: async (bus) =>
      graph.rules
        .filter(({ busName }) => busName === (bus === 'own' ? `${prefix}-bus` : 'default'))
        .map(
          (rule): DeployedRule => ({
            name: rule.name.replace(`${prefix}-`, ''),
            pattern: rule.pattern,
            enabled: rule.enabled,
            targets: graph.targets
              .filter(({ ruleName, busName }) => ruleName === rule.name && busName === rule.busName)
              .map((target) => ({
                arn: target.arn,
                changes: target.input !== undefined || target.inputPath !== undefined,
                deadLetterArn: target.deadLetterArn ?? null,
                tries: triesOf(target.retryPolicy),
              })),
          }),
        ),
    machine: async (name) => named(graph.machines, name)?.definition ?? null,
    queue: async (name) => {
      const queue = named(graph.queues, name);
      if (queue === undefined) return null;
      const { visibilityTimeoutSeconds, messageRetentionSeconds, redrive } = queue;
      return { hiddenSeconds: visibilityTimeoutSeconds, keptSeconds: messageRetentionSeconds, redrive };
    },
    archive: async () => {
      const archive = named(graph.archives, 'stripe');
      if (archive === undefined) return null;
      const { eventSourceArn, eventPattern = null, retentionDays } = archive;
      return { sourceArn: eventSourceArn, pattern: eventPattern, days: retentionDays, state: 'ENABLED' };
    },
    schedule: async (name) => {
      const schedule = named(graph.schedules, name);
      if (schedule === undefined) return null;
      const { expression, enabled, targetArn, input, deadLetterArn, retryPolicy } = schedule;
      const state = enabled ? 'ENABLED' : 'DISABLED';
      return { expression, state, targetArn, input, deadLetterArn, tries: triesOf(retryPolicy) };
    },
    mappings: async (queue) =>
      graph.mappings
        .filter(({ queueArn }) => queueArn.endsWith(`:${prefix}-${queue}`))
        .map((mapping) => ({
          functionArn: mapping.functionArn,
          state: 'Enabled',
          batchSize: mapping.batchSize,
          windowSeconds: mapping.windowSeconds,
          concurrency: mapping.maximumConcurrency,
          answers: mapping.partialResponses ? ['ReportBatchItemFailures'] : [],
        })),
  };
}

describe.each(['local', 'production'])('what the doctor compares the stage %s with', (stage) => {
  const prefix = `payments-${stage}`;
  let graph: Graph;

  beforeAll(async () => {
    graph = graphOf(await synthesiseResources({ root, stage, say: () => {} }), stage);
  }, 120_000);

  const names = (things: readonly { readonly name: string }[]) =>
    things.map(({ name }) => name.replace(`${prefix}-`, '')).sort();

  it('is what the stacks deploy, in each of its kinds', async () => {
    const { account, region } = graph;
    const site = { partition: 'aws', region, account, prefix, stage, local: false };
    const findings = await stackFindings(site, deployedIn(graph, prefix));
    expect(findings.filter(({ state }) => state !== 'good')).toEqual([]);
    expect(findings).toHaveLength(7);
  });

  it('is all of it: no queue, machine, schedule, mapping, archive or bus of the stacks is left out', () => {
    expect([...WANTED_QUEUES.keys()].sort()).toEqual(names(graph.queues));
    expect([...WANTED_MACHINES.keys()].sort()).toEqual(names(graph.machines));
    expect([...WANTED_SCHEDULES.keys()].sort()).toEqual(names(graph.schedules));
    expect([graph.mappings.length, graph.archives.length, graph.buses.length]).toEqual([1, 1, 1]);
    // Rules of the own bus that are not known are a finding; of AWS's the doctor knows one.
    expect(names(graph.rules.filter(({ busName }) => busName === 'default'))).toEqual(['failed-executions']);
  });
});
