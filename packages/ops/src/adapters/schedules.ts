import { LambdaClient } from '@aws-sdk/client-lambda';
import { SignatureV4 } from '@smithy/signature-v4';
import * as v from 'valibot';
import type { Deployment } from '../deployment/deployment.ts';

export type DeployedTries = { readonly maximumEventAgeInSeconds: number; readonly maximumRetryAttempts: number };

export type DeployedSchedule = {
  readonly expression: string;
  readonly state: string;
  readonly targetArn: string;
  readonly input: string | null;
  readonly deadLetterArn: string | null;
  readonly tries: DeployedTries;
};

/**
 * EventBridge Scheduler's GetSchedule (docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html), signed by the SDK's
 * own signer: one read is not worth another of its clients. `null`: there is no such schedule.
 */
export function scheduleReader({
  aws,
  region,
  partition,
  prefix,
}: Pick<Deployment, 'aws' | 'region' | 'partition' | 'prefix'>): (name: string) => Promise<DeployedSchedule | null> {
  // Knows where this machine keeps its credentials, as every client of the SDK does.
  const { credentials, sha256 } = new LambdaClient(aws).config;
  const signer = new SignatureV4({ service: 'scheduler', region, credentials, sha256 });
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const base = new URL(aws.endpoint ?? `https://scheduler.${region}.${suffix}`);
  return async (name) => {
    const url = new URL(`/schedules/${prefix}-${name}`, base);
    const { headers } = await signer.sign({
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host },
    });
    const signed = new Headers(headers);
    // fetch sets it itself, to the same.
    signed.delete('host');
    const response = await fetch(url, { headers: signed, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return v.parse(Schedule, body);
    const code = response.headers.get('x-amzn-errortype')?.split(':')[0] ?? `HTTP ${response.status}`;
    if (code === 'ResourceNotFoundException') return null;
    throw Object.assign(new Error(v.parse(Refusal, body)), { name: code });
  };
}

const TIMEOUT_MS = 15_000;

/** As the Scheduler says when nothing was said: 24 hours, 185 times. */
const Tries = v.pipe(
  v.object({
    MaximumEventAgeInSeconds: v.optional(v.number(), 86_400),
    MaximumRetryAttempts: v.optional(v.number(), 185),
  }),
  v.transform((said) => ({
    maximumEventAgeInSeconds: said.MaximumEventAgeInSeconds,
    maximumRetryAttempts: said.MaximumRetryAttempts,
  })),
);

const Schedule = v.pipe(
  v.object({
    ScheduleExpression: v.string(),
    State: v.string(),
    Target: v.object({
      Arn: v.string(),
      Input: v.nullish(v.string(), null),
      DeadLetterConfig: v.nullish(v.object({ Arn: v.string() }), null),
      RetryPolicy: v.optional(Tries, {}),
    }),
  }),
  v.transform(
    ({ ScheduleExpression, State, Target }): DeployedSchedule => ({
      expression: ScheduleExpression,
      state: State,
      targetArn: Target.Arn,
      input: Target.Input,
      deadLetterArn: Target.DeadLetterConfig?.Arn ?? null,
      tries: Target.RetryPolicy,
    }),
  ),
);

/** AWS writes it either way. */
const Refusal = v.pipe(
  v.fallback(v.object({ Message: v.optional(v.string()), message: v.optional(v.string()) }), {}),
  v.transform(({ Message, message }) => Message ?? message ?? 'no reason given'),
);
