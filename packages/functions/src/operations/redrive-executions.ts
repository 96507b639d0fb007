import { redriveName, redrivesOf, redriveVerdict } from '@payments/core/redrive';
import * as v from 'valibot';
import type { Executions } from '../adapters/machines.ts';
import type { Letter } from '../adapters/queues.ts';
import { readCrossing } from '../realtime/crossing.ts';
import { ExecutionNotice } from './execution-notice.ts';

/** An execution to be started in place of one that the road failed, or that the bus could not start. */
export type Start = {
  readonly letter: Letter;
  readonly machineArn: string;
  readonly name: string;
  /** JSON; `null`: it is asked of Step Functions, by the ARN of the one that failed. */
  readonly input: string | null;
  readonly executionArn: string | null;
  /** What it takes the place of, and why it failed. */
  readonly from: string;
  readonly code: string;
  /** Stripe's time of the event, else when the execution began; ms since 1970. */
  readonly at: number;
};

/** Of a notice about an execution that ended badly; `null`: it is none, not ours, not due, or for a person. */
export function startFromNotice(letter: Letter, machineArns: readonly string[], nowMs: number): Start | null {
  const notice = v.safeParse(ExecutionNotice, letter.body);
  if (!notice.success) return null;
  const { status, name, stateMachineArn, executionArn, input, stopDate, startDate, error, cause } =
    notice.output.detail;
  // A person has stopped it.
  if (status === 'ABORTED' || !machineArns.includes(stateMachineArn)) return null;
  const { code, category } = readCrossing({ Error: error ?? 'States.Timeout', Cause: cause ?? '' });
  const givenUp = { category, redrives: redrivesOf(name), givenUpAt: stopDate ?? letter.sentAt };
  if (redriveVerdict(givenUp, nowMs) !== 'now') return null;
  return {
    ...{ letter, machineArn: stateMachineArn, name: redriveName(name), input, executionArn, from: name, code },
    at: eventTimeOf(input) ?? startDate,
  };
}

/**
 * Of a bus event for which no execution could be started: EventBridge leaves the event as it was, and says in the message's
 * attributes which target it was for.
 */
export function startFromEvent(letter: Letter, machineArns: readonly string[]): Start | null {
  const { TARGET_ARN: machineArn = '', ERROR_CODE: code = 'UNDELIVERED' } = letter.attributes;
  const event = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ id: v.string() })), letter.body);
  const at = eventTimeOf(letter.body);
  if (!event.success || at === null || !machineArns.includes(machineArn)) return null;
  const name = `undelivered-${event.output.id}`;
  return { ...{ letter, machineArn, name, input: letter.body, executionArn: null }, from: event.output.id, code, at };
}

const AgeSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ detail: v.object({ event: v.object({ created: v.number() }) }) }),
);

function eventTimeOf(input: string | null): number | null {
  const age = v.safeParse(AgeSchema, input);
  return age.success ? age.output.detail.event.created * 1_000 : null;
}

export async function startOf(start: Start, executions: Executions): Promise<void> {
  const { machineArn, name, input, executionArn } = start;
  await executions.start(machineArn, name, input ?? (await executions.inputOf(executionArn ?? '')));
}
