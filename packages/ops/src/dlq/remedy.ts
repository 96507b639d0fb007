import { type Envelope, EnvelopeSchema, isThin } from '@payments/core/event';
import { laneOf, priorityOf } from '@payments/core/priority';
import { redriveName } from '@payments/core/redrive';
import { type Lane, type Priority, routeOf } from '@payments/core/routes';
import { ExecutionNotice } from '@payments/functions/operations/execution-notice';
import * as v from 'valibot';
import type { Message } from '../adapters/queues.ts';
import { BULK_QUEUE, MACHINE_NAMES } from '../deployment/places.ts';
import type { Letter } from './letter.ts';

/** What redriving a letter does, as a value. */
export type Remedy =
  /** A new execution with the same input. `input` null: Step Functions has to be asked for it. */
  | {
      readonly kind: 'start';
      readonly machineArn: string;
      readonly name: string;
      readonly input: string | null;
      readonly executionArn: string | null;
    }
  | { readonly kind: 'send'; readonly queue: string; readonly body: string }
  | { readonly kind: 'publish'; readonly detailType: string; readonly detail: string }
  /** By the operator's function: the buffer is in Redis. */
  | { readonly kind: 'put back'; readonly letter: string }
  | { readonly kind: 'none'; readonly why: string };

/** `machineArn` by the machine's name in the stacks. */
export function remedyFor(letter: Letter, message: Message, machineArn: (name: string) => string): Remedy {
  if (letter.kind === 'unreadable') return { kind: 'none', why: 'it cannot be read' };
  switch (letter.queue) {
    case 'FailedExecutions': {
      const { detail } = v.parse(ExecutionNotice, message.body);
      const { stateMachineArn, name, input, executionArn } = detail;
      return { kind: 'start', machineArn: stateMachineArn, name: redriveName(name), input, executionArn };
    }
    case 'RealtimeUndelivered': {
      const machine = letter.type === null ? null : (routeOf(letter.type)?.machine ?? null);
      if (machine === null) return { kind: 'none', why: `no machine takes ${letter.type}` };
      // The message's id: a second redrive of the same message starts nothing twice.
      const name = `undelivered-${message.id}`;
      return {
        kind: 'start',
        machineArn: machineArn(MACHINE_NAMES[machine]),
        name,
        input: message.body,
        executionArn: null,
      };
    }
    case 'BulkUndelivered':
    case 'BulkPoisoned':
      return { kind: 'send', queue: BULK_QUEUE, body: message.body };
    case 'BulkParked':
      return { kind: 'put back', letter: message.body };
    case 'UnroutedUndelivered':
      return { kind: 'send', queue: 'Unrouted', body: message.body };
    case 'FailedExecutionsUndelivered':
      return { kind: 'send', queue: 'FailedExecutions', body: message.body };
    case 'Unrouted':
      return publishAnew(message.body);
    case 'FlushUnstarted':
    case 'OperationsUnstarted':
      return { kind: 'none', why: 'the next run has made up for it: discard it' };
  }
}

const BusEvent = v.pipe(v.string(), v.parseJson(), v.looseObject({ detail: EnvelopeSchema }));

/** The lane is decided anew: the table may know the type by now, or know it better. */
function publishAnew(body: string): Remedy {
  const { detail } = v.parse(BusEvent, body);
  const { lane, priority } = roadOf(detail);
  const { type } = detail.event;
  if (lane === null) return { kind: 'none', why: `no lane takes ${type}` };
  const envelope: Envelope = { ...detail, lane, priority };
  return { kind: 'publish', detailType: type, detail: JSON.stringify(envelope) };
}

function roadOf({ event }: Envelope): { readonly lane: Lane | null; readonly priority: Priority } {
  if (!isThin(event)) return { lane: laneOf(event), priority: priorityOf(event) };
  const route = routeOf(event.type);
  // What a thin event contains is not known: it takes the road on which nobody waits, unless its type alone decides.
  const high = route?.priority === 'high';
  return { lane: route === null ? null : high ? 'realtime' : 'bulk', priority: high ? 'high' : 'low' };
}
