import * as v from 'valibot';
import { limitsOf, redisBudget } from '../adapters/budget.ts';
import { redisBuffer } from '../adapters/buffer.ts';
import { lookAtCircuit } from '../adapters/circuit.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { link } from '../adapters/resources.ts';
import { secretReader, secretsManager } from '../adapters/secrets.ts';
import { sentHashes } from '../adapters/sent-hashes.ts';
import { tieList } from '../adapters/tie-list.ts';
import { crossing } from '../realtime/crossing.ts';
import { Order, operate } from './operator.ts';

// Once per cold start.
const { log, around } = instrument('Operator', 'operations');
const nowMs = () => Date.now();
const limits = limitsOf(link('Settings'));
const redis = linkedRedis(link('RedisCluster'), secretReader(secretsManager()));

/** Invoked by name, by an operator. */
export const handler = around(async (input) => {
  try {
    const order = v.parse(Order, input);
    const connection = await redis();
    return await operate(order, {
      buffer: redisBuffer(connection, nowMs),
      ties: tieList(connection),
      budget: redisBudget(connection, limits, nowMs),
      sent: sentHashes(connection),
      limits,
      circuit: () => lookAtCircuit(connection, nowMs),
      log: (line) => log.info('operator', line),
    });
  } catch (error) {
    throw crossing(error);
  }
});
