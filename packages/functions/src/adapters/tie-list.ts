import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { bufferKeys } from './buffer.ts';
import type { Redis } from './redis.ts';

/** A state that shares its second with another one: Stripe has to be asked which of them is true. */
export type Tie = {
  readonly key: string;
  readonly owner: string;
  readonly eventId: string;
  /** Of that event; `null` where the row only knows another one's. */
  readonly correlationId: string | null;
  /** When we received the oldest event of the row, ms since 1970: it has to come again if Redis loses the list. */
  readonly receivedAt: number;
};

/** Kept until Stripe has answered, so that an outage of Stripe forgets none; what is left is for `reconcile`. */
export type TieList = {
  readonly add: (object: SObjectName, ties: readonly Tie[]) => Promise<void>;
  readonly some: (object: SObjectName, most: number) => Promise<readonly Tie[]>;
  readonly remove: (object: SObjectName, ties: readonly Tie[]) => Promise<void>;
};

const Member = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ key: v.string(), owner: v.string(), eventId: v.string(), correlationId: v.nullable(v.string()) }),
);
const memberOf = ({ key, owner, eventId, correlationId }: Tie) =>
  JSON.stringify({ key, owner, eventId, correlationId });

export function tieList(redis: Redis): TieList {
  return {
    add: async (object, ties) => {
      // The same tie again keeps the earlier time.
      const scored = ties.flatMap((tie) => [tie.receivedAt, memberOf(tie)]);
      if (ties.length > 0) await redis.zadd(bufferKeys(object).ties, 'LT', ...scored);
    },
    some: async (object, most) => {
      const flat = await redis.zrandmember(bufferKeys(object).ties, most, 'WITHSCORES');
      const texts = Array.isArray(flat) ? flat : [];
      return texts.flatMap((text, index) =>
        index % 2 === 0 ? [{ ...v.parse(Member, text), receivedAt: Number(texts[index + 1]) }] : [],
      );
    },
    remove: async (object, ties) => {
      if (ties.length > 0) await redis.zrem(bufferKeys(object).ties, ties.map(memberOf));
    },
  };
}
