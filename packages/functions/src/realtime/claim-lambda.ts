import * as v from 'valibot';
import { claims } from '../adapters/claims.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { link } from '../adapters/resources.ts';
import { secretReader, secretsManager } from '../adapters/secrets.ts';
import { claim } from './claim.ts';
import { crossing } from './crossing.ts';
import { StepInputSchema } from './machine-input.ts';

// Once per cold start.
const redis = linkedRedis(link('RedisCluster'), secretReader(secretsManager()));

/** Called by the state `Claim`. */
export async function handler(input: unknown): Promise<{ readonly outcome: 'mine' | 'duplicate' }> {
  try {
    return await claim(v.parse(StepInputSchema, input), { claims: claims(await redis()), nowMs: () => Date.now() });
  } catch (error) {
    throw crossing(error);
  }
}
