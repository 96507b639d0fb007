import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { bufferKeys } from './buffer.ts';
import type { Redis } from './redis.ts';

/** A state that shares its second with another one: Stripe has to be asked which of them is true. */
export type Tie = { readonly key: string; readonly owner: string; readonly eventId: string };

/** Kept until Stripe has answered, so that an outage of Stripe forgets none; what is left is for `reconcile`. */
export type TieList = {
  readonly add: (object: SObjectName, ties: readonly Tie[]) => Promise<void>;
  readonly some: (object: SObjectName, most: number) => Promise<readonly Tie[]>;
  readonly remove: (object: SObjectName, ties: readonly Tie[]) => Promise<void>;
};

const TieSchema = v.object({ key: v.string(), owner: v.string(), eventId: v.string() });
const textOf = ({ key, owner, eventId }: Tie) => JSON.stringify({ key, owner, eventId });

export function tieList(redis: Redis): TieList {
  return {
    add: async (object, ties) => {
      if (ties.length > 0) await redis.sadd(bufferKeys(object).ties, ties.map(textOf));
    },
    some: async (object, most) => {
      const texts = await redis.srandmember(bufferKeys(object).ties, most);
      return texts.map((text) => v.parse(TieSchema, JSON.parse(text)));
    },
    remove: async (object, ties) => {
      if (ties.length > 0) await redis.srem(bufferKeys(object).ties, ties.map(textOf));
    },
  };
}
