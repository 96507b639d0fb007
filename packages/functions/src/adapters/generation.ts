import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { LOOK, NOTE } from './generation.lua.ts';
import { type Redis, runScript } from './redis.ts';

/** One unbroken history of Redis' data, and how far the recovery from the loss before it has come. */
export type Generation = {
  /** At most 16 characters of `[a-z0-9-]`: replays are named by it. */
  readonly id: string;
  /** When it began: the loss was noticed then. Ms since 1970. */
  readonly since: number;
  readonly cause: 'empty' | 'other server';
  /**
   * `lost`: nobody has read yet from when on events may be missing. `recovering`: replays are under way. `new`: as
   * `recovering`, but no flush had ever reported: a stage begins like this. `whole`: nothing is missing.
   */
  readonly state: 'lost' | 'recovering' | 'new' | 'whole';
  /**
   * When the oldest event was received that was not settled before the loss, by the status row; where that has never said
   * anything, when the archive was made. `null`: not known yet.
   */
  readonly unsettledAt: number | null;
};

export type GenerationStore = {
  /** `noticed`: this call found the loss. One round trip; what is read after it is of this generation or a later one. */
  readonly look: () => Promise<Generation & { readonly noticed: boolean }>;
  /** `false`, here and below: Redis was lost once more meanwhile. */
  readonly learn: (id: string, state: 'recovering' | 'new', unsettledAt: number) => Promise<boolean>;
  readonly finish: (id: string) => Promise<boolean>;
};

export const GENERATION_KEY = 'generation:{redis}';

const whole = v.pipe(v.string(), v.transform(Number), v.number());
const Found = v.tuple([
  v.string(),
  v.string(),
  whole,
  v.picklist(['empty', 'other server']),
  v.picklist(['lost', 'recovering', 'new', 'whole']),
  v.union([
    v.pipe(
      v.literal(''),
      v.transform(() => null),
    ),
    whole,
  ]),
  v.number(),
]);

export function generationStore(redis: Redis, now: () => number): GenerationStore {
  const note = async (id: string, ...fields: readonly (string | number)[]) =>
    (await runScript(redis, NOTE, [GENERATION_KEY], [id, ...fields])) === 1;
  return {
    look: async () => {
      const answer = await runScript(redis, LOOK, [GENERATION_KEY], [newId(now()), now()]);
      const [id, , since, cause, state, unsettledAt, noticed] = v.parse(Found, answer);
      return { id, since, cause, state, unsettledAt, noticed: noticed === 1 };
    },
    learn: (id, state, unsettledAt) => note(id, 'state', state, 'unsettledAt', unsettledAt),
    finish: (id) => note(id, 'state', 'whole'),
  };
}

/** Readable in a list of replays: generations sort by their time. */
function newId(now: number): string {
  return `${now.toString(36)}-${randomBytes(3).toString('hex')}`;
}
