import type { Count } from '@payments/core/metrics';
import { type Batches, redisBatches } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import { type Buffer, redisBuffer } from '../adapters/buffer.ts';
import type { Circuit } from '../adapters/circuit.ts';
import { type Claims, claims } from '../adapters/claims.ts';
import { type Coverage, coverage } from '../adapters/coverage.ts';
import { type FreshnessStore, freshnessStore } from '../adapters/freshness-store.ts';
import { type GenerationStore, generationStore } from '../adapters/generation.ts';
import type { Instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedRoad } from '../adapters/linked-road.ts';
import { linkedStripe } from '../adapters/linked-stripe.ts';
import { type Orphans, orphans } from '../adapters/orphans.ts';
import { link } from '../adapters/resources.ts';
import { rowNames } from '../adapters/row-names.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { cachedFor, secretReader, secretsManager } from '../adapters/secrets.ts';
import { type SentHashes, sentHashes } from '../adapters/sent-hashes.ts';
import { type StatusNotes, statusNotes } from '../adapters/status-notes.ts';
import type { StripeReader } from '../adapters/stripe.ts';
import { type TieList, tieList } from '../adapters/tie-list.ts';
import { type NameRows, rowNamer } from '../realtime/name-rows.ts';

/** What the five steps of a flush share, built from the links once per cold start. */
export type FlushWorld = {
  readonly batches: Batches;
  readonly buffer: Buffer;
  readonly budget: Budget;
  readonly circuit: Pick<Circuit, 'look'>;
  readonly claims: Claims;
  readonly coverage: Coverage;
  readonly freshness: FreshnessStore;
  readonly generation: GenerationStore;
  readonly notes: StatusNotes;
  readonly orphans: Orphans;
  readonly salesforce: Salesforce;
  readonly sent: SentHashes;
  readonly stripe: StripeReader;
  readonly nameRows: NameRows;
  readonly ties: TieList;
  readonly bulkAbove: number;
  readonly version: string;
  readonly nowMs: () => number;
  readonly count: Count;
};

export function flushWorld(instruments: Pick<Instrument, 'count' | 'called' | 'log'>): () => Promise<FlushWorld> {
  const { count, called } = instruments;
  const nowMs = () => Date.now();
  const settings = link('Settings');
  const readSecret = secretReader(secretsManager());
  const redis = linkedRedis(link('RedisCluster'), readSecret);
  const clientSecretArn = link('SalesforceClient').arn;
  const apiKeyArn = link('StripeApiKey').arn;
  const connect = async (): Promise<FlushWorld> => {
    const connection = await redis();
    const replayMarginMs = settings.replayMarginSeconds * 1_000;
    const shared = { redis: connection, settings, readSecret, lane: 'bulk', nowMs } as const;
    const road = linkedRoad({ ...shared, clientSecretArn, instruments });
    const freshness = freshnessStore(connection);
    const stripe = linkedStripe({ ...shared, apiKeyArn, count, called });
    return {
      batches: redisBatches(connection, nowMs),
      buffer: redisBuffer(connection, nowMs, replayMarginMs),
      ...road,
      claims: claims(connection),
      coverage: coverage(connection, nowMs, replayMarginMs),
      freshness,
      orphans: orphans(connection, nowMs),
      generation: generationStore(connection, nowMs),
      notes: statusNotes(connection, nowMs, settings.statusEverySeconds * 1_000),
      sent: sentHashes(connection),
      stripe,
      nameRows: rowNamer({ stripe, freshness, rowNames: rowNames(connection) }),
      ties: tieList(connection),
      bulkAbove: settings.bulkAbove,
      version: settings.salesforceApiVersion,
      nowMs,
      count,
    };
  };
  return cachedFor(Number.POSITIVE_INFINITY, { nowMs, read: connect }).get;
}
