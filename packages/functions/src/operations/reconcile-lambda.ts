import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetWait } from '@payments/core/failure';
import { agreements } from '../adapters/agreements.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedRoad } from '../adapters/linked-road.ts';
import { linkedStripe } from '../adapters/linked-stripe.ts';
import { link } from '../adapters/resources.ts';
import { cachedFor, secretReader, secretsManager } from '../adapters/secrets.ts';
import { type NightlyWorld, nightly } from './reconcile/nightly.ts';

// Once per cold start.
const instruments = instrument('Reconcile', 'operations');
const { log, count, called, around } = instruments;
const nowMs = () => Date.now();
const settings = link('Settings');
const readSecret = secretReader(secretsManager());
const redis = linkedRedis(link('RedisCluster'), readSecret);
const apiKeyArn = link('StripeApiKey').arn;
const clientSecretArn = link('SalesforceClient').arn;
const world = cachedFor(Number.POSITIVE_INFINITY, { nowMs, read: connect });

/** Under the function's 900 s (stacks/operations.ts); a page that is under way is finished. */
const RUN_MS = 840_000;
/** A hundred calls of Salesforce, and some 50 MB of hashes. */
const MOST_ROWS = 200_000;

async function connect(): Promise<Omit<NightlyWorld, 'stopAtMs'>> {
  const connection = await redis();
  const shared = { redis: connection, settings, readSecret, lane: 'bulk', nowMs } as const;
  const { budget, salesforce } = linkedRoad({ ...shared, clientSecretArn, instruments });
  return {
    stripe: linkedStripe({ ...shared, apiKeyArn, count, called }),
    salesforce: async (request) => {
      const { granted, retryAfterMs } = await budget.acquire({ lane: 'bulk', calls: 1 });
      if (!granted) throw new BudgetWait('no call of Salesforce is left', { code: 'NO_BUDGET', retryAfterMs });
      return salesforce(request);
    },
    agreements: agreements(connection),
    ...{ nowMs, sleep, count, mostRows: MOST_ROWS },
    log: (level, line) => log[level]('reconcile', line),
  };
}

/** Called by the schedule, where the stage has it on. */
export const handler = around(async () => nightly({ ...(await world.get()), stopAtMs: nowMs() + RUN_MS }));
