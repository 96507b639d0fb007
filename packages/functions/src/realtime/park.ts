import type { AuditRow } from '@payments/core/audit-columns';
import { EnvelopeSchema } from '@payments/core/event';
import type { Count } from '@payments/core/metrics';
import { redrivesOf } from '@payments/core/redrive';
import { REALTIME_RETRIERS, triesOf } from '@payments/core/retry-policy';
import * as v from 'valibot';
import type { Claims } from '../adapters/claims.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { claimsOf } from './claimed.ts';
import { type Crossed, readCrossing } from './crossing.ts';
import { type Identifiers, identifiersOf, type StepInput } from './machine-input.ts';
import type { Acquire } from './write.ts';

/** Taken loosely: an event that no step could read has to be parked as well. */
export const ParkInputSchema = v.object({
  event: v.unknown(),
  execution: v.string(),
  error: v.object({ Error: v.string(), Cause: v.optional(v.string(), '') }),
});
export type ParkInput = v.InferOutput<typeof ParkInputSchema>;

export type ParkLine = Partial<Identifiers> & {
  readonly executionName: string;
  readonly code: string;
  readonly category: string;
  /** Why the failure is not listed in Salesforce, when it is not. */
  readonly unlisted?: string;
};

export type ParkWorld = {
  readonly claims: Pick<Claims, 'release'>;
  readonly salesforce: Salesforce;
  readonly acquire: Acquire;
  readonly nowMs: () => number;
  readonly log: (line: ParkLine) => void;
  readonly count: Count;
};

/**
 * The story of the state `Park`: give the claim back, so that a new execution may try; list the failure in Salesforce
 * for people; log it. Never throws: the machine fails next whatever happens here, and says why.
 */
export async function park(input: ParkInput, world: ParkWorld): Promise<{ readonly parked: true }> {
  const crossed = readCrossing(input.error);
  const step = stepInput(input);
  const problems: string[] = [];
  if (step !== null) {
    await attempt('claim', problems, () =>
      Promise.all(claimsOf(step.event.detail.event).map((id) => world.claims.release(id, input.execution))),
    );
    await attempt('Sync_Failure__c', problems, () => list(step, input, crossed, world));
  } else {
    problems.push('the input is not a bus event');
  }
  world.count('EventsHandled', 1, { Lane: 'realtime', Outcome: 'parked' });
  world.count('Parked', 1, { Lane: 'realtime', Category: crossed.category });
  world.log({
    ...identifiersOfParked(input),
    code: crossed.code,
    category: crossed.category,
    ...(problems.length === 0 ? {} : { unlisted: problems.join('; ') }),
  });
  return { parked: true };
}

/** The execution alone when its input is no event. */
export function identifiersOfParked(input: ParkInput): Partial<Identifiers> & Pick<Identifiers, 'executionName'> {
  const step = stepInput(input);
  return step === null ? { executionName: nameOf(input.execution) } : identifiersOf(step);
}

async function attempt(what: string, problems: string[], act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    problems.push(`${what}: ${error instanceof Error ? error.name : 'unknown'}`);
  }
}

function stepInput(input: ParkInput): StepInput | null {
  const event = v.safeParse(v.object({ detail: EnvelopeSchema }), input.event);
  if (!event.success) return null;
  const { detail } = event.output;
  return {
    event: { id: '', 'detail-type': detail.event.type, source: '', time: '', detail },
    execution: input.execution,
  };
}

/** One row per event, however often it parks. `First_Failed_At__c` is set by the park that made the row. */
async function list(step: StepInput, input: ParkInput, crossed: Crossed, world: ParkWorld): Promise<void> {
  const { granted } = await world.acquire({ lane: 'realtime', calls: 2 });
  if (!granted) throw new NoCallsLeft();
  const ids = identifiersOf(step);
  const at = new Date(world.nowMs()).toISOString();
  const path = `/sobjects/Sync_Failure__c/Failure_Key__c/${encodeURIComponent(`stripe.webhook:${ids.stripeEventId}`)}`;
  const columns: AuditRow<'Sync_Failure__c'> = {
    Source__c: 'realtime',
    Event_Type__c: ids.type,
    Stripe_Event_ID__c: ids.stripeEventId,
    Stripe_Object_ID__c: ids.stripeObjectId,
    Correlation_ID__c: ids.correlationId,
    Event_Created_At__c: new Date(step.event.detail.event.created * 1000).toISOString(),
    Category__c: crossed.category,
    Code__c: crossed.code.slice(0, 255),
    Message__c: crossed.message.slice(0, 4000),
    // Those of the executions that this one took the place of included.
    Attempts__c: triesOf(REALTIME_RETRIERS, input.error.Error) * (redrivesOf(nameOf(input.execution)) + 1),
    Last_Failed_At__c: at,
    Status__c: 'Open',
    Execution_Link__c: consoleLink(input.execution),
  };
  const { body } = await world.salesforce({ method: 'PATCH', path, body: columns });
  const made = v.safeParse(v.object({ created: v.literal(true) }), body);
  if (made.success)
    await world.salesforce({
      method: 'PATCH',
      path,
      body: { First_Failed_At__c: at } satisfies AuditRow<'Sync_Failure__c'>,
    });
}

class NoCallsLeft extends Error {
  override readonly name = 'NoCallsLeft';
}

/** Where the on-call engineer sees the execution; `null` for an id that is no ARN. */
function consoleLink(execution: string): string | null {
  const region = /^arn:aws[a-z-]*:states:([a-z0-9-]+):\d{12}:execution:/.exec(execution)?.[1];
  if (region === undefined) return null;
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${execution}`;
}

function nameOf(execution: string): string {
  return execution.split(':').at(-1) ?? execution;
}
