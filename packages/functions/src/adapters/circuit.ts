import {
  type Change,
  type CircuitSettings,
  type Circuit as CircuitState,
  CLOSED,
  type Permit,
  waitMs,
} from '@payments/core/circuit';
import type { Count } from '@payments/core/metrics';
import * as v from 'valibot';
import { PERMIT_LUA, REPORT_LUA } from './circuit.lua.ts';
import { type Redis, runScript, script } from './redis.ts';

/** The circuit before Salesforce, one for all functions. */
export type Circuit = {
  /** How it stands; `retryAfterMs` is 0 when a call may be made, be it the probe. Changes nothing. */
  readonly look: () => Promise<CircuitState & { readonly retryAfterMs: number }>;
  readonly permit: () => Promise<Permit>;
  /** What the permitted call came to. `why`: a code, for people. */
  readonly report: (
    permit: Exclude<Permit, { kind: 'wait' }>,
    answer: { readonly good: boolean; readonly why: string },
  ) => Promise<Change>;
};

export type CircuitLine = { readonly circuit: Exclude<Change, 'none'>; readonly why: string };

const KEY = 'circuit:{salesforce}';
const permitScript = script(PERMIT_LUA);
const reportScript = script(REPORT_LUA);

const PermitSchema = v.union([
  v.pipe(
    v.tuple([v.picklist(['pass', 'probe']), v.number()]),
    v.transform(([kind, epoch]) => ({ kind, epoch })),
  ),
  v.pipe(
    v.tuple([v.literal('wait'), v.number()]),
    v.transform(([kind, retryAfterMs]) => ({ kind, retryAfterMs })),
  ),
]);
const ChangeSchema = v.picklist(['none', 'opened', 'reopened', 'closed']);
const whole = v.pipe(v.optional(v.string(), '0'), v.transform(Number), v.number());
const StateSchema = v.object({
  state: v.optional(v.picklist(['closed', 'open', 'half-open']), CLOSED.state),
  ...{ epoch: whole, bad: whole, trips: whole, openedAt: whole, until: whole },
  why: v.optional(v.string(), ''),
});

/** For whoever only tells how it stands. */
export async function lookAtCircuit(redis: Redis, nowMs: () => number): ReturnType<Circuit['look']> {
  const circuit = v.parse(StateSchema, await redis.hgetall(KEY));
  return { ...circuit, retryAfterMs: waitMs(circuit, nowMs()) };
}

export function redisCircuit(
  redis: Redis,
  settings: CircuitSettings,
  world: {
    readonly nowMs: () => number;
    readonly count: Count;
    /** Told when it opens, fails its probe, closes. */
    readonly log: (line: CircuitLine) => void;
  },
): Circuit {
  const { failures, openMs, longestOpenMs, probeMs } = settings;
  return {
    look: () => lookAtCircuit(redis, world.nowMs),
    permit: async () => v.parse(PermitSchema, await runScript(redis, permitScript, [KEY], [world.nowMs(), probeMs])),
    report: async ({ kind, epoch }, { good, why }) => {
      const args = [world.nowMs(), epoch, good ? 1 : 0, why, failures, openMs, longestOpenMs];
      const change = v.parse(ChangeSchema, await runScript(redis, reportScript, [KEY], args));
      if (kind === 'probe') world.count('CircuitProbes', 1, { Outcome: good ? 'ok' : 'failed' });
      if (change === 'opened') world.count('CircuitOpened', 1);
      if (change !== 'none') world.log({ circuit: change, why });
      return change;
    },
  };
}
