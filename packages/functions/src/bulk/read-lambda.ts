import { Logger } from '@aws-lambda-powertools/logger';
import * as v from 'valibot';
import { crossing } from '../realtime/crossing.ts';
import { type ReadResult, WrittenState } from './flush-state.ts';
import { flushWorld } from './flush-world.ts';
import { read } from './read.ts';

// Once per cold start.
const logger = new Logger({ serviceName: 'bulk' });
const world = flushWorld();

/** Called by the state `Read`. */
export async function handler(input: unknown): Promise<ReadResult> {
  try {
    const state = v.parse(WrittenState, input);
    const result = await read(state, await world());
    logger.info('read', { ...result });
    return result;
  } catch (error) {
    throw crossing(error);
  }
}
