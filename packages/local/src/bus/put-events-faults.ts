import type { AwsFaults } from '../aws/faults.ts';
import type { Service, ServiceAnswer } from '../aws/server.ts';
import type { Bus } from './bus.ts';
import { handleEvents } from './wire.ts';

/** EventBridge as clients reach it, failing where a fault says so. */
export function eventsService(bus: Bus, faults: Pick<AwsFaults, 'putEvents'>): Service {
  return (operation, input) => {
    const fault = operation === 'PutEvents' ? faults.putEvents(input) : null;
    if (fault === null) return handleEvents(bus, operation, input);
    if (fault.effect === 'entry refused') return refused(input, fault.code);
    if (fault.effect === 'answer lost') handleEvents(bus, operation, input);
    // docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
    return fault.code === 'ThrottlingException'
      ? error(400, 'ThrottlingException', 'Rate exceeded')
      : error(500, 'InternalFailure', 'The request processing has failed.');
  };
}

/** PutEvents answers 200 whatever becomes of its entries. */
function refused(input: unknown, code: string): ServiceAnswer {
  const entries = typeof input === 'object' && input !== null && 'Entries' in input ? input.Entries : [];
  const count = Array.isArray(entries) ? entries.length : 0;
  const body = {
    FailedEntryCount: count,
    Entries: Array.from({ length: count }, () => ({ ErrorCode: code, ErrorMessage: 'refused by a fault' })),
  };
  return { status: 200, body };
}

function error(status: number, type: string, message: string): ServiceAnswer {
  return { status, body: { __type: type, message } };
}
