import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { bufferKeys } from './buffer.ts';
import type { Redis } from './redis.ts';

/** How the buffer of one object stands. */
export type BufferState = {
  /** In the buffer or in an unfinished batch, those aside that wait for their version alone. */
  readonly rows: number;
  /** Ms since 1970: when the longest-waiting row became due, or its batch was taken. `null` when nothing waits. */
  readonly since: number | null;
};

const First = v.array(v.string());

/** Four reads of one hash slot; a batch that is taken between two of them shows in neither or in both. */
export function bufferState(redis: Redis): (object: SObjectName) => Promise<BufferState> {
  return async (object) => {
    const keys = bufferKeys(object);
    const [waiting, taken, first, startedAt] = await Promise.all([
      redis.zcard(keys.due),
      redis.hlen(keys.batch),
      redis.zrange(keys.due, '0', '0', 'WITHSCORES'),
      redis.hget(keys.meta, 'startedAt'),
    ]);
    const since = [v.parse(First, first)[1], startedAt ?? undefined].flatMap((text) =>
      text === undefined ? [] : [Number(text)],
    );
    return { rows: waiting + taken, since: since.length === 0 ? null : Math.min(...since) };
  };
}
