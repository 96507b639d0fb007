import { Logger } from '@aws-lambda-powertools/logger';
import * as v from 'valibot';
import { claims } from '../adapters/claims.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { link } from '../adapters/resources.ts';
import { secretReader, secretsManager } from '../adapters/secrets.ts';
import { crossing } from './crossing.ts';
import { SettleInputSchema } from './machine-input.ts';
import { settle } from './settle.ts';

// Once per cold start.
const logger = new Logger({ serviceName: 'realtime' });
const redis = linkedRedis(link('RedisCluster'), secretReader(secretsManager()));

/** Called by the state `Settle`. */
export async function handler(input: unknown): Promise<{ readonly settled: true }> {
  try {
    return await settle(v.parse(SettleInputSchema, input), {
      claims: claims(await redis()),
      nowMs: () => Date.now(),
      log: (line) => logger.info('settled', line),
    });
  } catch (error) {
    throw crossing(error);
  }
}
