import * as v from 'valibot';

/** A Stripe event that a rule handed to a queue or a machine; the same event may arrive more than once. */
export type Arrival = {
  readonly eventId: string;
  readonly type: string;
  readonly targetArn: string;
  readonly at: number;
  /** By Stripe's clock, ms since 1970. */
  readonly createdAt: number;
  readonly objectId: string | null;
};

const Arrived = v.object({
  detail: v.object({
    event: v.object({
      id: v.string(),
      type: v.string(),
      created: v.number(),
      // Of an event that is too large for a machine's input.
      objectId: v.optional(v.string()),
      data: v.optional(v.object({ object: v.object({ id: v.optional(v.string()) }) })),
    }),
  }),
});

/** `null` for whatever else travels on a bus: AWS's own notices. */
export function arrivalOf(payload: string, targetArn: string, at: number): Arrival | null {
  const arrived = v.safeParse(Arrived, JSON.parse(payload));
  if (!arrived.success) return null;
  const { id, type, created, objectId, data } = arrived.output.detail.event;
  return {
    eventId: id,
    type,
    targetArn,
    at,
    createdAt: created * 1_000,
    objectId: objectId ?? data?.object.id ?? null,
  };
}
