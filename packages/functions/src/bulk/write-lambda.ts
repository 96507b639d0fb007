import { Logger } from '@aws-lambda-powertools/logger';
import * as v from 'valibot';
import { crossing } from '../realtime/crossing.ts';
import { HeldInput, type Written } from './flush-state.ts';
import { flushWorld } from './flush-world.ts';
import { write } from './write.ts';

// Once per cold start.
const logger = new Logger({ serviceName: 'bulk' });
const world = flushWorld();

/** Called by the state `Write`. */
export async function handler(input: unknown): Promise<Written> {
  try {
    const state = v.parse(HeldInput, input);
    const result = await write(state, await world());
    logger.info('write', { ...result });
    return result;
  } catch (error) {
    throw crossing(error);
  }
}
