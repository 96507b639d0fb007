import type { Envelope, StripeEvent, ThinEvent } from '@payments/core/event';
import { laneOf, priorityOf } from '@payments/core/priority';
import type { BusEntry } from '../adapters/bus.ts';

/**
 * Step Functions takes 262,144 bytes of input (aws.amazon.com: service quotas); the bus takes a megabyte. The rest is
 * room for the bus envelope and what the states add.
 */
export const MAX_WHOLE_EVENT_BYTES = 200 * 1024;

/**
 * What goes on the bus for an event, whoever has it: the ingress, or a sweep. `text` is the event's JSON; it goes into the
 * envelope as it came: writing a parsed event again costs a quarter of all work before the publish. It has no `Time`: then
 * EventBridge gives it its own, and a replay of the archive finds it whatever the clock of the one who published it said.
 */
export function busEntry(
  event: StripeEvent,
  text: string,
  { receivedAt, correlationId }: { readonly receivedAt: Date; readonly correlationId: string },
): { readonly entry: BusEntry; readonly lane: Envelope['lane']; readonly thin: boolean } {
  const thin = Buffer.byteLength(text) > MAX_WHOLE_EVENT_BYTES;
  const lane = laneOf(event);
  const head: Omit<Envelope, 'event'> = {
    ...{ priority: priorityOf(event), lane, receivedAt: receivedAt.toISOString(), correlationId },
  };
  const detail = `${JSON.stringify(head).slice(0, -1)},"event":${thin ? JSON.stringify(thinned(event)) : text}}`;
  return { entry: { detailType: event.type, detail }, lane, thin };
}

function thinned(event: StripeEvent): ThinEvent {
  const { id, type, created, livemode } = event;
  const api_version = event.api_version ?? null;
  return { thin: true, id, type, created, livemode, api_version, objectId: objectIdOf(event) };
}

/** Objects without an id (a balance, an upcoming invoice) are of no routed type; the event's own id stands in. */
export function objectIdOf(event: StripeEvent): string {
  const id = event.data.object.id;
  return typeof id === 'string' && /^[A-Za-z0-9_-]{1,255}$/.test(id) ? id : event.id;
}
