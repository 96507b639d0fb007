/** Redis goes away: with its data, without, or with what a replica had that lags. */
import type { Random } from '../../stripe/random.ts';
import type { Fault, Plan, Storm } from '../injection.ts';
import { often, throughout } from '../places.ts';
import type { Story } from '../story.ts';

function nowAndThen(story: Story, random: Random, make: (at: number) => Plan): readonly Plan[] {
  return throughout(story, random, often(story, 1, 500), make);
}

/** What happens to Redis meets whatever is under way, and of what is lost nobody knows the end until it has come again. */
async function losing(storm: Storm, lose: () => Promise<void>): Promise<void> {
  storm.hit(storm.underWay());
  const found = storm.redisLoses();
  try {
    await lose();
  } finally {
    found();
  }
}

export const failover: Fault = {
  name: 'redis-failover',
  what: 'Redis is away for a moment and comes back with its data',
  plan: (story, random) =>
    nowAndThen(story, random, (at) => ({
      at,
      what: 'comes back with its data',
      strike: async (storm) => {
        storm.hit(storm.underWay());
        await storm.machine.road.redis.restart('its data');
      },
    })),
};

export const flush: Fault = {
  name: 'redis-flush',
  what: 'Redis forgets everything: FLUSHALL',
  plan: (story, random) =>
    nowAndThen(story, random, (at) => ({
      at,
      what: 'FLUSHALL',
      strike: (storm) => losing(storm, () => storm.machine.road.redis.flush()),
    })),
};

export const loss: Fault = {
  name: 'redis-loss',
  what: 'Redis is away for a moment and comes back without its data',
  plan: (story, random) =>
    nowAndThen(story, random, (at) => ({
      at,
      what: 'comes back without its data',
      strike: (storm) => losing(storm, () => storm.machine.road.redis.restart('nothing')),
    })),
};

export const lag: Fault = {
  name: 'redis-lag',
  what: 'a replica takes over that lacks the last events',
  plan: (story, random) =>
    nowAndThen(story, random, (at) => {
      const behind = random.between(3, 12);
      return {
        at,
        what: `a replica takes over that is ${behind} events behind`,
        strike: async (storm) => {
          const { redis } = storm.machine.road;
          await redis.snapshot();
          storm.later(behind, () => losing(storm, () => redis.restart('its last snapshot')));
        },
      };
    }),
};
