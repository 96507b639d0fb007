import { instrument } from '../adapters/instrument.ts';
import { link } from '../adapters/resources.ts';
import { secretChangedAt } from '../adapters/secrets.ts';
import { secretAges } from './secret-ages.ts';

// Once per cold start.
const { count, around } = instrument('SecretAges', 'operations');
const { arns: secrets } = link('SecretArns');
const changedAt = secretChangedAt();

/** Called each hour by the schedule. */
export const handler = around(() => secretAges({ secrets, changedAt, count, nowMs: () => Date.now() }));
