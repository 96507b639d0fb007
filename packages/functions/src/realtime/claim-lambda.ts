import { limitsOf, redisBudget } from '../adapters/budget.ts';
import { claims } from '../adapters/claims.ts';
import { instrument } from '../adapters/instrument.ts';
import { linkedRedis } from '../adapters/linked-redis.ts';
import { letterSink } from '../adapters/queues.ts';
import { link } from '../adapters/resources.ts';
import { secretReader, secretsManager } from '../adapters/secrets.ts';
import { statusNotes } from '../adapters/status-notes.ts';
import { claim } from './claim.ts';
import { StepInputSchema } from './machine-input.ts';
import { realtimeStep } from './step.ts';

// Once per cold start.
const instruments = instrument('Claim', 'realtime');
const { log, count } = instruments;
const nowMs = () => Date.now();
const settings = link('Settings');
const limits = limitsOf(settings);
const bulk = letterSink(link('BulkQueue').url);
const redis = linkedRedis(link('RedisCluster'), secretReader(secretsManager()));

/** Called by the state `Claim`. */
export const handler = realtimeStep(instruments, 'claim', StepInputSchema, async (input) => {
  const connection = await redis();
  return claim(input, {
    claims: claims(connection),
    budget: redisBudget(connection, limits, nowMs),
    bulk,
    received: statusNotes(connection, nowMs, settings.statusEverySeconds * 1_000).received,
    nowMs,
    log: (line) => log.info('claim', line),
    count,
  });
});
