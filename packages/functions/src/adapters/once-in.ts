import type { Redis } from './redis.ts';

/** Whether nobody has asked for the last so many minutes; asking counts. */
export function onceIn(redis: Redis, what: 'ask-limits'): (minutes: number) => Promise<boolean> {
  return async (minutes) => (await redis.set(`once:{${what}}`, '1', 'EX', minutes * 60, 'NX')) === 'OK';
}
