import { WRITE_ORDER } from '@payments/core/record';
import { limitsOf, redisBudget } from '../adapters/budget.ts';
import { bufferState } from '../adapters/buffer-state.ts';
import { lookAtCircuit } from '../adapters/circuit.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { link } from '../adapters/resources.ts';
import { secretReader, secretsManager } from '../adapters/secrets.ts';
import { measure } from './measure.ts';

// Once per cold start.
const { count, around } = instrument('Measure', 'operations');
const nowMs = () => Date.now();
const limits = limitsOf(link('Settings'));
const redis = linkedRedis(link('RedisCluster'), secretReader(secretsManager()));

/** Called each minute by the schedule. */
export const handler = around(async () => {
  const connection = await redis();
  const budget = redisBudget(connection, limits, nowMs);
  await measure({
    ...{ objects: WRITE_ORDER, buffer: bufferState(connection), budget, count, nowMs },
    circuit: () => lookAtCircuit(connection, nowMs),
  });
});
