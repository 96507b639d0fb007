/** Hooks for what is asked of the server by a view: loading, there, or refused; asked again while things move. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type * as v from 'valibot';
import { ask, type Refused, refusal } from './ask.ts';
import { onHop } from './live.ts';

export type Answer<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'there'; readonly value: T }
  | { readonly state: 'refused'; readonly problem: Refused };

/** What moved is asked for again this long after the first hop, so that a storm of them asks once. */
const SETTLE_MS = 1_000;

/** Calls `then` at most once in a while, after something moved on the road. */
export function useMoved(then: () => void): void {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const off = onHop(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        latest.current();
      }, SETTLE_MS);
    });
    return () => {
      off();
      clearTimeout(timer);
    };
  }, []);
}

/**
 * The answer to GET `path`. A new path begins with `loading`; asking again (`again`, or by itself when the road moved) keeps
 * what is there until the new answer comes, so that nothing jumps.
 */
export function useAnswer<S extends v.GenericSchema>(
  schema: S,
  path: string,
): { readonly answer: Answer<v.InferOutput<S>>; readonly again: () => void } {
  const [held, hold] = useState<{ path: string; answer: Answer<v.InferOutput<S>> }>({
    path,
    answer: { state: 'loading' },
  });
  const asked = useRef<AbortController | null>(null);
  const again = useCallback(() => {
    asked.current?.abort();
    const asking = new AbortController();
    asked.current = asking;
    ask(schema, path, { signal: asking.signal }).then(
      (value) => {
        if (!asking.signal.aborted) hold({ path, answer: { state: 'there', value } });
      },
      (thrown: unknown) => {
        if (!asking.signal.aborted) hold({ path, answer: { state: 'refused', problem: refusal(thrown) } });
      },
    );
  }, [schema, path]);
  useEffect(() => {
    again();
    return () => asked.current?.abort();
  }, [again]);
  useMoved(again);
  return { answer: held.path === path ? held.answer : { state: 'loading' }, again };
}
