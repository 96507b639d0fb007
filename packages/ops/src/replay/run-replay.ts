import type { Archive, Replay } from '../adapters/archive.ts';
import type { Logs } from '../adapters/logs.ts';
import type { Deployment } from '../deployment/deployment.ts';
import type { Context } from '../frame/command.ts';
import { NotReached } from '../frame/problem.ts';
import { isNarrow, narrowed, replayPrefix, rulesFor, type Wanted } from './filter.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

/** What the person asked for. `fromText` and `toText` as they were typed: they name the replay. */
export type Asked = Wanted & {
  readonly from: number;
  readonly to: number;
  readonly fromText: string;
  readonly toText: string;
};

export type ReplayWorld = { readonly archive: Archive; readonly logs: Logs; readonly deployment: Deployment };

const ACTIVE: ReadonlySet<Replay['state']> = new Set(['STARTING', 'RUNNING', 'CANCELLING']);
const RULES = 'replay-';
const POLL_MS = 2_000;
const MINUTE_MS = 60_000;

/** The newest replay of the same arguments, running or ended; `null`: there never was one. */
export async function foundReplay(asked: Asked, { archive, deployment }: ReplayWorld): Promise<Replay | null> {
  const { fromText, toText } = asked;
  const [newest = null] = await archive.replays(replayPrefix(deployment.prefix, fromText, toText, asked));
  return newest;
}

export function isActive(replay: Replay): boolean {
  return ACTIVE.has(replay.state);
}

/**
 * Starts the replay, over rules of its own when only some events are wanted. The rules come first: a replay whose rules
 * are missing would send nothing. Killed in between, it leaves rules that match no event and that the next replay removes.
 */
export async function startReplay(asked: Asked, world: ReplayWorld, nowMs: number): Promise<Replay> {
  const { archive, deployment } = world;
  await removeLeftRules(world);
  const start = replayPrefix(deployment.prefix, asked.fromText, asked.toText, asked);
  const name = `${start}-${Math.floor(nowMs / 1000)}`;
  const lanes = rulesFor(asked).map(({ rule }) => rule);
  const rules = isNarrow(asked) ? lanes.map((rule) => `${ruleStart(name)}-${rule}`) : lanes;
  if (isNarrow(asked)) {
    // All patterns first: one that EventBridge would not take must leave nothing behind.
    const patterns = await Promise.all(lanes.map(async (lane) => narrowed(await archive.patternOf(lane), asked, name)));
    for (const [index, lane] of lanes.entries()) {
      await archive.putRuleLike(lane, rules[index] ?? lane, patterns[index] ?? '');
    }
  }
  await archive.start({ name, from: asked.from, to: asked.to, rules });
  return archive.replay(name);
}

/** `replay-<hash>-<second>`: enough of the replay's name to find its rules. */
function ruleStart(replayName: string): string {
  return `${RULES}${replayName.split('-').slice(-2).join('-')}`;
}

/** Follows a replay to its end, minute of events by minute. At Ctrl-C it stops watching; the replay goes on in AWS. */
export async function followReplay(found: Replay, world: ReplayWorld, context: Context): Promise<Replay> {
  const minutes = Math.max(1, Math.ceil((found.to - found.from) / MINUTE_MS));
  const progress = context.progress('replaying, minutes of events', minutes);
  let replay = found;
  try {
    while (isActive(replay) && !context.io.signal.aborted) {
      const reached = replay.reached === null ? 0 : Math.ceil((replay.reached - replay.from) / MINUTE_MS);
      progress.to(Math.min(minutes, Math.max(0, reached)), replay.state.toLowerCase());
      await context.io.sleep(POLL_MS);
      replay = await world.archive.replay(replay.name);
    }
    if (replay.state === 'COMPLETED') progress.to(minutes, 'completed');
  } finally {
    progress.end();
  }
  return replay;
}

/**
 * This long without a change it is over: longer than the aggregator gathers messages (5 s). How many events there are is not
 * always known, and what was received while it was counted is not replayed.
 */
const STILL_MS = 12_000;

/** Waits until the lanes have handled what was sent, or until `patienceMs` are over. */
export async function awaitOutcome(
  replay: Replay,
  world: ReplayWorld,
  context: Context,
  { expected, patienceMs }: { readonly expected: number | null; readonly patienceMs: number },
): Promise<Outcome> {
  const { io } = context;
  const until = io.nowMs() + patienceMs;
  const progress = context.progress('handled', expected ?? 0);
  let stillSince = io.nowMs();
  let before = 0;
  try {
    for (;;) {
      const outcome = await outcomeOf(world.logs, { from: replay.startedAt, to: io.nowMs() + MINUTE_MS });
      if (expected === null) progress.outOf(outcome.handled + outcome.underWay);
      progress.to(outcome.handled, `${outcome.underWay} executions under way`);
      if (outcome.handled !== before) stillSince = io.nowMs();
      before = outcome.handled;
      const all = io.nowMs() - stillSince >= STILL_MS || (expected !== null && outcome.handled >= expected);
      if ((all && outcome.underWay === 0) || io.nowMs() >= until || io.signal.aborted) return outcome;
      await io.sleep(POLL_MS);
    }
  } finally {
    progress.end();
  }
}

/** Rules of replays that have ended, this one's included. */
export async function removeLeftRules({ archive, deployment }: ReplayWorld): Promise<void> {
  const rules = await archive.rulesNamed(RULES);
  if (rules.length === 0) return;
  const active = (await archive.replays(deployment.prefix.slice(0, 40)))
    .filter(isActive)
    .map(({ name }) => ruleStart(name));
  for (const rule of rules) {
    if (!active.some((start) => rule.startsWith(start))) await archive.deleteRule(rule);
  }
}

export async function cancelReplay(replay: Replay | null, world: ReplayWorld): Promise<Replay> {
  if (replay === null || !isActive(replay)) throw new NotReached('no replay of these arguments is running');
  await world.archive.cancel(replay.name);
  return world.archive.replay(replay.name);
}
