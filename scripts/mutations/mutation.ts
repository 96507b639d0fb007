/**
 * The promises and the lines that break them: one file per promise in `promises/`. A promise is kept by tests, and a test
 * is worth its name when it fails on a line that one would plausibly get wrong.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';

/** Each is broken by at least one mutation. */
export const PROMISES = [
  ...(['once', 'fresh', 'two-roads-one-row', 'families', 'failures-are-sorted', 'circuit', 'budget'] as const),
  ...(['redis-may-vanish', 'echo', 'secrets-roll', 'storm'] as const),
  ...(['accepted-is-never-lost', 'a-failure-is-no-success', 'one-bad-row-stops-no-other'] as const),
  ...(['what-was-missed-is-found'] as const),
  ...(['nothing-personal-in-a-log'] as const),
] as const;

const Entry = {
  /** What the broken line does wrong, as a sentence without its end. */
  why: v.pipe(v.string(), v.minLength(1)),
  file: v.string(),
  /** Must occur exactly once. */
  find: v.pipe(v.string(), v.minLength(1)),
  replace: v.string(),
  testFile: v.string(),
  /** The test's whole name, its describes in front. */
  test: v.string(),
};
export const Mutation = v.strictObject({ ...Entry, name: v.picklist(PROMISES) });
export type Mutation = v.InferOutput<typeof Mutation>;

const PromiseFile = v.strictObject({
  /** One sentence. */
  promise: v.string(),
  mutations: v.pipe(v.array(v.strictObject(Entry)), v.minLength(1)),
});

export type Promised = { readonly promise: string; readonly mutations: readonly Mutation[] };

export async function readPromises(): Promise<readonly Promised[]> {
  return Promise.all(
    PROMISES.map(async (name) => {
      const text = await readFile(path.join(import.meta.dirname, 'promises', `${name}.json`), 'utf8');
      const { promise, mutations } = v.parse(PromiseFile, JSON.parse(text));
      return { promise, mutations: mutations.map((mutation) => ({ ...mutation, name })) };
    }),
  );
}
