import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Graph } from '../src/graph/graph.ts';
import { synthesise } from '../src/graph/synth.ts';
import { hastened } from '../src/road/hastened.ts';
import type { Json } from '../src/states/definition.ts';
import { createMachines, type Execution } from '../src/states/machines.ts';

const root = path.resolve(import.meta.dirname, '../../..');

describe('the flush machine as it would be deployed', () => {
  let graph: Graph;
  beforeAll(async () => {
    // Only the pauses between tries are shorter.
    graph = hastened(await synthesise({ root, stage: 'local', say: () => {} }), { retries: 1_000, queues: 1 });
  }, 120_000);

  async function run(step: (name: string, payload: Json) => Json): Promise<{ execution: Execution; steps: string[] }> {
    const flush = graph.machines.find(({ name }) => name.endsWith('Flush'));
    if (flush === undefined) throw new Error('the stacks have no flush machine');
    const steps: string[] = [];
    const machines = createMachines({
      machines: [flush],
      invoke: async (arn, payload) => {
        const name = arn.replace(/.*payments-local-(\w+)Function-.*/, '$1');
        steps.push(name);
        return step(name, payload);
      },
      onStatusChange: () => {},
      now: () => Date.now(),
    });
    const execution = machines.start(flush.arn, '{"objects":["Stripe_Customer__c","Payment_Transaction__c"]}');
    while (execution.status === 'RUNNING') await delay(5);
    return { execution, steps };
  }

  it('succeeds when no row is due', async () => {
    const { execution, steps } = await run(() => ({ outcome: 'nothing' }));
    expect([execution.status, steps]).toEqual(['SUCCEEDED', ['Take', 'Take', 'Report']]);
  });

  it('succeeds though it cannot tell how the integration is', async () => {
    const { execution, steps } = await run((name) => {
      if (name === 'Report') throw Object.assign(new Error('SERVER_UNAVAILABLE'), { name: 'BudgetWait' });
      return { outcome: 'nothing' };
    });
    expect([execution.status, steps]).toEqual(['SUCCEEDED', ['Take', 'Take', 'Report']]);
  });

  it('takes again while rows are due, and waits for a Bulk job', async () => {
    let polls = 0;
    let takes = 0;
    const { execution, steps } = await run((name, payload) => {
      const state = typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? payload : {};
      if (name === 'Take') {
        takes += 1;
        return { ...state, outcome: takes === 1 ? 'taken' : 'nothing' };
      }
      if (name === 'Await') polls += 1;
      return { ...state, done: polls > 0, waitSeconds: 0, more: true };
    });
    expect(execution.status).toBe('SUCCEEDED');
    expect(steps).toEqual(['Take', 'Write', 'Await', 'Read', 'SettleBatch', 'Take', 'Take', 'Report']);
  });

  it('goes on with the other objects when one fails and cannot even be let go, and then ends as failed', async () => {
    const { execution, steps } = await run((name, payload) => {
      if (name === 'Release') throw Object.assign(new Error('Redis is away'), { name: 'NeverRetry' });
      if (JSON.stringify(payload).includes('Stripe_Customer__c')) {
        throw Object.assign(new Error('INVALID_SESSION_ID'), { name: 'NeverRetry' });
      }
      return { outcome: 'nothing' };
    });
    expect([execution.status, execution.error, steps]).toEqual([
      'FAILED',
      'FlushIncomplete',
      ['Take', 'Release', 'Take', 'Report'],
    ]);
  });

  it('lets go of an object that has to wait, goes on with the others, and nothing is wrong with that', async () => {
    const released: Json[] = [];
    const { execution, steps } = await run((name, payload) => {
      if (name === 'Release') return released.push(payload);
      if (!JSON.stringify(payload).includes('Stripe_Customer__c')) return { outcome: 'nothing' };
      if (name === 'Take') return { object: 'Stripe_Customer__c', outcome: 'taken' };
      throw Object.assign(new Error('CIRCUIT_OPEN/Network: Salesforce is away'), { name: 'BudgetWait' });
    });
    expect([execution.status, steps]).toEqual([
      'SUCCEEDED',
      ['Take', ...Array(5).fill('Write'), 'Release', 'Take', 'Report'],
    ]);
    expect(released).toEqual([{ object: 'Stripe_Customer__c', execution: execution.arn }]);
    expect(execution.output).toContain('CIRCUIT_OPEN/Network');
  });
});
