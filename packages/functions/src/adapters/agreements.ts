import type { Seen } from '@payments/core/agreement';
import type { Resource } from '@payments/core/listing';
import * as v from 'valibot';
import type { Redis } from './redis.ts';

/** How both sides stood when they last agreed, by kind of object. Lost with Redis: then everything is compared once more. */
export type Agreements = {
  readonly last: (resource: Resource) => Promise<Seen | null>;
  readonly remember: (resource: Resource, seen: Seen) => Promise<void>;
};

const Months = <Of extends v.GenericSchema>(of: Of) => v.record(v.string(), v.record(v.string(), of));
const SeenText = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    rows: Months(v.object({ rows: v.number(), latest: v.string() })),
    lists: Months(v.object({ objects: v.number(), hash: v.string() })),
    told: v.record(v.string(), v.number()),
  }),
);

export function agreements(redis: Redis): Agreements {
  const keyOf = (resource: Resource) => `agreed:{${resource}}`;
  return {
    last: async (resource) => {
      // What an earlier version of the code wrote is no agreement.
      const said = v.safeParse(SeenText, await redis.get(keyOf(resource)));
      return said.success ? said.output : null;
    },
    remember: async (resource, seen) => {
      await redis.set(keyOf(resource), JSON.stringify(seen));
    },
  };
}
