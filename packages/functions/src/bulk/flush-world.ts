import { setTimeout as sleep } from 'node:timers/promises';
import type { Count } from '@payments/core/metrics';
import { type Batches, redisBatches } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import { type Buffer, redisBuffer } from '../adapters/buffer.ts';
import type { Circuit } from '../adapters/circuit.ts';
import { type Claims, claims } from '../adapters/claims.ts';
import { type FreshnessStore, freshnessStore } from '../adapters/freshness-store.ts';
import { type GenerationStore, generationStore } from '../adapters/generation.ts';
import type { Instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedRoad } from '../adapters/linked-road.ts';
import { measuredStripe } from '../adapters/measured.ts';
import { link } from '../adapters/resources.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { cachedFor, StripeApiKey, secretReader, secretsManager } from '../adapters/secrets.ts';
import { type SentHashes, sentHashes } from '../adapters/sent-hashes.ts';
import { sharedReads } from '../adapters/shared-reads.ts';
import { type StripeReader, stripeReader } from '../adapters/stripe.ts';
import { type TieList, tieList } from '../adapters/tie-list.ts';

/** What the five steps of a flush share, built from the links once per cold start. */
export type FlushWorld = {
  readonly batches: Batches;
  readonly buffer: Buffer;
  readonly budget: Budget;
  readonly circuit: Pick<Circuit, 'look'>;
  readonly claims: Claims;
  readonly freshness: FreshnessStore;
  readonly generation: GenerationStore;
  readonly salesforce: Salesforce;
  readonly sent: SentHashes;
  readonly stripe: StripeReader;
  readonly ties: TieList;
  readonly bulkAbove: number;
  readonly version: string;
  readonly nowMs: () => number;
  readonly count: Count;
};

const API_KEY_CACHE_MS = 5 * 60_000;

export function flushWorld(instruments: Pick<Instrument, 'count' | 'logger'>): () => Promise<FlushWorld> {
  const { count } = instruments;
  const nowMs = () => Date.now();
  const settings = link('Settings');
  const readSecret = secretReader(secretsManager());
  const redis = linkedRedis(link('RedisCluster'), readSecret);
  const clientSecretArn = link('SalesforceClient').arn;
  const stripeKey = link('StripeApiKey').arn;
  const apiKey = cachedFor(API_KEY_CACHE_MS, { nowMs, read: () => readSecret(stripeKey, StripeApiKey) });
  const reader = stripeReader({ apiKey: apiKey.get, version: settings.stripeApiVersion, nowMs });
  const stripe = measuredStripe(reader, { count, nowMs });
  const connect = async (): Promise<FlushWorld> => {
    const connection = await redis();
    const road = linkedRoad({
      ...{ redis: connection, settings, clientSecretArn, readSecret, lane: 'bulk', nowMs, instruments },
    });
    return {
      batches: redisBatches(connection, nowMs),
      buffer: redisBuffer(connection, nowMs),
      ...road,
      claims: claims(connection),
      freshness: freshnessStore(connection),
      generation: generationStore(connection, nowMs),
      sent: sentHashes(connection),
      stripe: sharedReads(connection, stripe, { nowMs, sleep }),
      ties: tieList(connection),
      bulkAbove: settings.bulkAbove,
      version: settings.salesforceApiVersion,
      nowMs,
      count,
    };
  };
  return cachedFor(Number.POSITIVE_INFINITY, { nowMs, read: connect }).get;
}
