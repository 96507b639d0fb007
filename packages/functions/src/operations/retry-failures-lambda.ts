import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetWait, RetryLater } from '@payments/core/failure';
import { redisBuffer } from '../adapters/buffer.ts';
import { doneMarks } from '../adapters/claims.ts';
import { freshnessStore } from '../adapters/freshness-store.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedRoad } from '../adapters/linked-road.ts';
import { executions } from '../adapters/machines.ts';
import { letterBox, letterSink } from '../adapters/queues.ts';
import { link } from '../adapters/resources.ts';
import { SalesforceFailure } from '../adapters/salesforce-failure.ts';
import { secretReader, secretsManager } from '../adapters/secrets.ts';
import { tieList } from '../adapters/tie-list.ts';
import { sorted } from '../realtime/crossing.ts';
import { retryFailures } from './retry-failures.ts';

// Once per cold start.
const instruments = instrument('RetryFailures', 'operations');
const { log, count, around } = instruments;
const nowMs = () => Date.now();
const settings = link('Settings');
const readSecret = secretReader(secretsManager());
const redis = linkedRedis(link('RedisCluster'), readSecret);
const clientSecretArn = link('SalesforceClient').arn;
const machineArns = link('RealtimeMachines').arns;
const parked = letterBox(link('ParkedRowsQueue').url);
const failed = letterBox(link('FailedExecutionsQueue').url);
const poisoned = letterBox(link('BulkPoisonedQueue').url);
const bulk = letterSink(link('BulkQueue').url);
const start = executions();

/** Under the function's 120 s (stacks/operations.ts), with time left to write what came of it. */
const PATIENCE_MS = 40_000;

/** Called every five minutes by the schedule. */
export const handler = around(async () => {
  const connection = await redis();
  const { budget, salesforce } = linkedRoad({
    ...{ redis: connection, settings, clientSecretArn, readSecret, lane: 'bulk', nowMs, instruments },
  });
  try {
    return await retryFailures({
      ...{ salesforce, budget, executions: start, machineArns, parked, failed, poisoned, bulk, nowMs, count },
      buffer: redisBuffer(connection, nowMs),
      ties: tieList(connection),
      claims: doneMarks(connection),
      freshness: freshnessStore(connection),
      sleep: (ms) => sleep(ms),
      patienceMs: PATIENCE_MS,
      log: (line) => log[line.outcome === 'looked' && line.unsaved > 0 ? 'warn' : 'info']('retry', line),
    });
  } catch (error) {
    // Salesforce is away, whether or not the circuit knows it yet: the next run asks again.
    const told = [BudgetWait, RetryLater, SalesforceFailure].some((kind) => error instanceof kind);
    const { category, code } = sorted(error);
    if (!told || category !== 'Network') throw error;
    log.warn('retry', { outcome: 'away', code });
    return { seen: 0, changed: 0 };
  }
});
