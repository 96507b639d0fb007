import { WRITE_ORDER } from '@payments/core/record';
import * as v from 'valibot';
import { redisBuffer } from '../adapters/buffer.ts';
import { claims } from '../adapters/claims.ts';
import { freshnessStore } from '../adapters/freshness-store.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { linkedStripe } from '../adapters/linked-stripe.ts';
import { machine } from '../adapters/machines.ts';
import { letterSink } from '../adapters/queues.ts';
import { link } from '../adapters/resources.ts';
import { rowNames } from '../adapters/row-names.ts';
import { cachedFor, secretReader, secretsManager } from '../adapters/secrets.ts';
import { statusNotes } from '../adapters/status-notes.ts';
import { crossing } from '../realtime/crossing.ts';
import { rowNamer } from '../realtime/name-rows.ts';
import { tellFailure } from '../realtime/step.ts';
import { type AggregateWorld, aggregate } from './aggregate.ts';

// Once per cold start.
const { log, count, called, around } = instrument('Aggregate', 'bulk');
const nowMs = () => Date.now();
const settings = link('Settings');
const readSecret = secretReader(secretsManager());
const redis = linkedRedis(link('RedisCluster'), readSecret);
const startMachine = machine(link('FlushMachine').arn);
const apiKeyArn = link('StripeApiKey').arn;
const poisoned = letterSink(link('GivenUpQueue').url);
const world = cachedFor(Number.POSITIVE_INFINITY, { nowMs, read: connect });

/** Under the function's 60 s (stacks/bulk.ts), with time left to buffer what was read. */
const RUN_MS = 45_000;

/** Consumers run side by side and all see a full buffer: one start in ten seconds is enough. */
const START_EVERY_MS = 10_000;

async function connect(): Promise<AggregateWorld> {
  const connection = await redis();
  const shared = { redis: connection, settings, readSecret, lane: 'bulk', nowMs } as const;
  const freshness = freshnessStore(connection);
  const stripe = linkedStripe({ ...shared, apiKeyArn, count, called });
  return {
    stripe,
    nameRows: rowNamer({ stripe, freshness, rowNames: rowNames(connection) }),
    freshness,
    buffer: redisBuffer(connection, nowMs, settings.replayMarginSeconds * 1_000),
    claims: claims(connection),
    received: statusNotes(connection, nowMs, settings.statusEverySeconds * 1_000).received,
    poisoned,
    flushAbove: settings.flushAbove,
    startFlush: async (object) => {
      // Its parents first, in case they wait as well.
      const objects = WRITE_ORDER.slice(0, WRITE_ORDER.indexOf(object) + 1);
      await startMachine(`${object}-${Math.floor(nowMs() / START_EVERY_MS)}`, { objects });
    },
    log: (line) => {
      const level = line.outcome === 'given up' ? 'error' : line.outcome === 'failed' ? 'warn' : 'info';
      log[level]('aggregate', line);
    },
    count,
  };
}

const QueueEvent = v.object({ Records: v.array(v.object({ messageId: v.string(), body: v.string() })) });

type BatchResponse = { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] };

/** Called by the mapping of the bulk queue. What it throws makes the whole batch come again. */
export const handler = around(async (input): Promise<BatchResponse> => {
  try {
    const stop = AbortSignal.timeout(RUN_MS);
    const { failed } = await aggregate(v.parse(QueueEvent, input).Records, await world.get(), stop);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  } catch (error) {
    const failure = crossing(error);
    tellFailure(failure, { step: 'aggregate', lane: 'bulk' }, { log, count });
    throw failure;
  }
});
