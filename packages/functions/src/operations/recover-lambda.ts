import { coverage } from '../adapters/coverage.ts';
import { generationStore } from '../adapters/generation.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedRoad } from '../adapters/linked-road.ts';
import { replays } from '../adapters/replays.ts';
import { link } from '../adapters/resources.ts';
import { cachedFor, secretReader, secretsManager } from '../adapters/secrets.ts';
import { type RecoverWorld, recover } from './recover.ts';

// Once per cold start.
const instruments = instrument('Recover', 'operations');
const { log, count, around } = instruments;
const nowMs = () => Date.now();
const settings = link('Settings');
const archive = link('Archive');
const readSecret = secretReader(secretsManager());
const redis = linkedRedis(link('RedisCluster'), readSecret);
const clientSecretArn = link('SalesforceClient').arn;
const world = cachedFor(Number.POSITIVE_INFINITY, { nowMs, read: connect });

const DAY_MS = 24 * 60 * 60_000;

async function connect(): Promise<RecoverWorld> {
  const connection = await redis();
  const marginMs = settings.replayMarginSeconds * 1_000;
  const shared = { redis: connection, settings, readSecret, lane: 'realtime', nowMs } as const;
  const { budget, salesforce } = linkedRoad({ ...shared, clientSecretArn, instruments });
  return {
    ...{ budget, salesforce, nowMs, count },
    generation: generationStore(connection, nowMs),
    coverage: coverage(connection, nowMs, marginMs),
    replays: replays(archive),
    settings: {
      marginMs,
      archiveLagMs: settings.archiveLagSeconds * 1_000,
      retentionMs: archive.retentionDays * DAY_MS,
    },
    log: (line) => log[line.event === 'waiting' ? 'info' : 'warn']('recover', line),
  };
}

/** Called each minute by the schedule. */
export const handler = around(async () => recover(await world.get()));
