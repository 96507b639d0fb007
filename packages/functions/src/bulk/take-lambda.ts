import { Logger } from '@aws-lambda-powertools/logger';
import * as v from 'valibot';
import { crossing } from '../realtime/crossing.ts';
import { TakeInput, type TakeResult } from './flush-state.ts';
import { flushWorld } from './flush-world.ts';
import { take } from './take.ts';

// Once per cold start.
const logger = new Logger({ serviceName: 'bulk' });
const world = flushWorld();

/** Called by the state `Take`. */
export async function handler(input: unknown): Promise<TakeResult> {
  try {
    const state = v.parse(TakeInput, input);
    const result = await take(state, await world());
    logger.info('take', { ...result });
    return result;
  } catch (error) {
    throw crossing(error);
  }
}
