import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lane } from '@payments/core/routes';
import { type Budget, limitsOf, redisBudget } from './budget.ts';
import { type Circuit, redisCircuit } from './circuit.ts';
import { guardedBudget, guardedSalesforce } from './guarded.ts';
import type { Instrument } from './instrument.ts';
import { measuredBudget, measuredLogin, measuredSalesforce } from './measured.ts';
import type { Redis } from './redis.ts';
import type { link } from './resources.ts';
import { type Salesforce, salesforce } from './salesforce.ts';
import { logIn, logInAsNow } from './salesforce-login.ts';
import { cachedFor, SalesforceClient, type SecretReader } from './secrets.ts';
import { tokenCache } from './token-cache.ts';

/** The road to Salesforce as every function takes it: one budget, one circuit, one token for all of them. */
export type Road = { readonly budget: Budget; readonly circuit: Circuit; readonly salesforce: Salesforce };

const SECRET_CACHE_MS = 5 * 60_000;

export function linkedRoad(world: {
  readonly redis: Redis;
  readonly settings: ReturnType<typeof link<'Settings'>>;
  readonly clientSecretArn: string;
  readonly readSecret: SecretReader;
  readonly lane: Lane;
  readonly nowMs: () => number;
  readonly instruments: Pick<Instrument, 'count' | 'called' | 'log'>;
}): Road {
  const { redis, settings, nowMs, lane } = world;
  const { count, called, log } = world.instruments;
  const circuit = redisCircuit(redis, circuitSettings(settings), {
    ...{ nowMs, count },
    log: (line) => log.warn('circuit', line),
  });
  const budget = guardedBudget(measuredBudget(redisBudget(redis, limitsOf(settings), nowMs), { count }), circuit);
  const credentials = cachedFor(SECRET_CACHE_MS, {
    nowMs,
    read: () => world.readSecret(world.clientSecretArn, SalesforceClient),
  });
  const login = measuredLogin(() => logInAsNow({ credentials, logIn, nowMs }), { count });
  const tokens = tokenCache({ redis, login, holder: randomUUID(), sleep });
  const send = salesforce({ tokens, version: settings.salesforceApiVersion, observe: budget.observe });
  const slowMs = settings.circuitSlowSeconds * 1_000;
  return {
    budget,
    circuit,
    salesforce: guardedSalesforce(measuredSalesforce(send, { lane, count, called, nowMs }), { circuit, slowMs, nowMs }),
  };
}

type Settings = ReturnType<typeof link<'Settings'>>;

function circuitSettings(settings: Settings) {
  return {
    failures: settings.circuitFailures,
    openMs: settings.circuitOpenSeconds * 1_000,
    longestOpenMs: settings.circuitLongestOpenSeconds * 1_000,
    probeMs: settings.circuitProbeSeconds * 1_000,
  };
}
