import { Logger } from '@aws-lambda-powertools/logger';
import * as v from 'valibot';
import { crossing } from '../realtime/crossing.ts';
import { awaitJob } from './await.ts';
import { type Written, WrittenState } from './flush-state.ts';
import { flushWorld } from './flush-world.ts';

// Once per cold start.
const logger = new Logger({ serviceName: 'bulk' });
const world = flushWorld();

/** Called by the state `Await`. */
export async function handler(input: unknown): Promise<Written> {
  try {
    const state = v.parse(WrittenState, input);
    const result = await awaitJob(state, await world());
    logger.info('await', { ...result });
    return result;
  } catch (error) {
    throw crossing(error);
  }
}
