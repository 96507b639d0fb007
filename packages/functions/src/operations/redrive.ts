import type { Count } from '@payments/core/metrics';
import { redriveName, redriveVerdict } from '@payments/core/redrive';
import * as v from 'valibot';
import type { Executions } from '../adapters/machines.ts';
import type { Letter, LetterBox } from '../adapters/queues.ts';
import { readCrossing } from '../realtime/crossing.ts';
import { ExecutionNotice } from './execution-notice.ts';

/**
 * The story of `Redrive`, each minute: of the executions that ended badly, those that failed because of the road and not
 * because of their event are started anew with the same input, oldest first; the rest stays where people look for it.
 */
export type RedriveWorld = {
  readonly failed: LetterBox;
  readonly executions: Executions;
  /** Only these machines are started, whatever a message says. */
  readonly machineArns: readonly string[];
  readonly nowMs: () => number;
  /** When to begin no further thing, so that what was received is given back in time. */
  readonly stopAtMs: number;
  readonly log: (line: RedriveLine) => void;
  readonly count: Count;
};

export type RedriveLine =
  | { readonly outcome: 'redriven'; readonly executionName: string; readonly from: string; readonly code: string }
  | { readonly outcome: 'looked'; readonly seen: number; readonly redriven: number };

/** Longer than a run, so that a run sees each message once. */
const HIDE_SECONDS = 60;
/** Of one run: as many notices of 250 KB as a function of 512 MB holds easily. */
const MOST_LETTERS = 500;

export async function redrive(world: RedriveWorld): Promise<{ readonly seen: number; readonly redriven: number }> {
  const letters = await lettersIn(world);
  const seen = letters.length;
  const due = letters.flatMap((letter) => dueOf(letter, world) ?? []).sort((a, b) => a.failed.at - b.failed.at);
  const gone = new Set<Letter>();
  try {
    for (const { letter, failed, code } of due) {
      if (world.nowMs() >= world.stopAtMs) break;
      const name = redriveName(failed.name);
      const input = failed.input ?? (await world.executions.inputOf(failed.executionArn));
      await world.executions.start(failed.stateMachineArn, name, input);
      await world.failed.remove([letter]);
      gone.add(letter);
      world.count('Redriven', 1);
      world.log({ outcome: 'redriven', executionName: name, from: failed.name, code });
    }
  } finally {
    await world.failed.giveBack(letters.filter((letter) => !gone.has(letter)));
  }
  if (seen > 0) world.log({ outcome: 'looked', seen, redriven: gone.size });
  return { seen, redriven: gone.size };
}

async function lettersIn({ failed, nowMs, stopAtMs }: RedriveWorld): Promise<readonly Letter[]> {
  const letters: Letter[] = [];
  while (letters.length < MOST_LETTERS && nowMs() < stopAtMs) {
    const some = await failed.receive(HIDE_SECONDS);
    if (some.length === 0) break;
    letters.push(...some);
  }
  return letters;
}

const AgeSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ detail: v.object({ event: v.object({ created: v.number() }) }) }),
);

type Due = {
  readonly letter: Letter;
  readonly code: string;
  readonly failed: v.InferOutput<typeof ExecutionNotice>['detail'] & {
    /** Stripe's time of the event, else when the execution began; ms since 1970. */
    readonly at: number;
  };
};

function dueOf(letter: Letter, { machineArns, nowMs }: RedriveWorld): Due | null {
  const notice = v.safeParse(ExecutionNotice, letter.body);
  if (!notice.success) return null;
  const { detail } = notice.output;
  if (!machineArns.includes(detail.stateMachineArn)) return null;
  const { code, category } = readCrossing({ Error: detail.error ?? 'States.Timeout', Cause: detail.cause ?? '' });
  const failedAt = detail.stopDate ?? letter.sentAt;
  if (redriveVerdict({ ...detail, category, failedAt }, nowMs()) !== 'now') return null;
  const age = v.safeParse(AgeSchema, detail.input);
  return {
    ...{ letter, code },
    failed: { ...detail, at: age.success ? age.output.detail.event.created * 1_000 : detail.startDate },
  };
}
