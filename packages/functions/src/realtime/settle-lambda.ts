import { claims } from '../adapters/claims.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { link } from '../adapters/resources.ts';
import { secretReader, secretsManager } from '../adapters/secrets.ts';
import { SettleInputSchema } from './machine-input.ts';
import { settle } from './settle.ts';
import { realtimeStep } from './step.ts';

// Once per cold start.
const instruments = instrument('Settle', 'realtime');
const { log, count } = instruments;
const redis = linkedRedis(link('RedisCluster'), secretReader(secretsManager()));

/** Called by the state `Settle`. */
export const handler = realtimeStep(instruments, 'settle', SettleInputSchema, async (input) =>
  settle(input, {
    claims: claims(await redis()),
    nowMs: () => Date.now(),
    log: (line) => log.info('settled', line),
    count,
  }),
);
