import { Logger } from '@aws-lambda-powertools/logger';
import * as v from 'valibot';
import { crossing } from '../realtime/crossing.ts';
import { HeldInput, type SettleResult } from './flush-state.ts';
import { flushWorld } from './flush-world.ts';
import { type SettleLine, settle } from './settle.ts';

// Once per cold start.
const logger = new Logger({ serviceName: 'bulk' });
const world = flushWorld();

function log(line: SettleLine): void {
  if (line.outcome === 'parked') logger.error('settle', line);
  else logger.info('settle', line);
}

/** Called by the state `Settle`. */
export async function handler(input: unknown): Promise<SettleResult> {
  try {
    return await settle(v.parse(HeldInput, input), { ...(await world()), log });
  } catch (error) {
    throw crossing(error);
  }
}
