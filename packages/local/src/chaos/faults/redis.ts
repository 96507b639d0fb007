/** Redis goes away: with its data, as in a failover, or without. */
import type { Fault, Plan } from '../injection.ts';
import { often, throughout } from '../places.ts';

export const failover: Fault = {
  name: 'redis-failover',
  what: 'Redis is away for a moment and comes back with its data',
  plan: (story, random) =>
    throughout(
      story,
      random,
      often(story, 1, 500),
      (at): Plan => ({
        at,
        what: 'comes back with its data',
        strike: async (storm) => {
          storm.hit(storm.underWay());
          await storm.machine.road.redis.restart('its data');
        },
      }),
    ),
};
