/** The list of events as it lives: newest on top while one looks at the top, held back while one reads further down. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { EventPage } from '../../contract.ts';
import { useMoved } from '../answers.ts';
import { ask, type Refused, refusal } from '../ask.ts';
import { query } from '../routes.ts';
import { type EventList, heldBack, NONE, withNewest, withNews, withOlder } from './list.ts';

const PAGE = 60;

export type Filter = { readonly search: string; readonly lane: string; readonly outcome: string };

export type Events = {
  readonly state: 'loading' | 'there' | 'refused';
  readonly problem: Refused | null;
  readonly list: EventList;
  /** How many newer ones wait to be shown. */
  readonly held: number;
  /** Shows them. */
  readonly catchUp: () => void;
  readonly older: () => void;
};

/** `hold`: nothing is put in on top. */
export function useEvents({ search, lane, outcome }: Filter, hold: boolean): Events {
  const [list, setList] = useState<EventList>(NONE);
  const [held, setHeld] = useState(0);
  const [state, setState] = useState<Events['state']>('loading');
  const [problem, setProblem] = useState<Refused | null>(null);
  const current = useRef({ list, hold });
  current.current = { list, hold };
  const asking = useRef<AbortController | null>(null);
  const reading = useRef(false);

  const look = useCallback(
    async (how: 'anew' | 'on top' | 'as held') => {
      asking.current?.abort();
      const asked = new AbortController();
      asking.current = asked;
      try {
        const path = `api/events${query({ search, lane, outcome, limit: String(PAGE) })}`;
        const page = await ask(EventPage, path, { signal: asked.signal });
        if (asked.signal.aborted) return;
        const there = current.current.list;
        const hold = how === 'as held' && current.current.hold;
        if (hold) setHeld(heldBack(there, page));
        else setHeld(0);
        setList(how === 'anew' ? withNewest(NONE, page) : hold ? withNews(there, page) : withNewest(there, page));
        setState('there');
        setProblem(null);
      } catch (thrown) {
        if (asked.signal.aborted) return;
        setProblem(refusal(thrown));
        // What is there stays: the frame says that the stream is lost.
        if (current.current.list.lines.length === 0) setState('refused');
      }
    },
    [search, lane, outcome],
  );

  useEffect(() => {
    void look('anew');
    return () => asking.current?.abort();
  }, [look]);
  useMoved(() => void look('as held'));

  const older = useCallback(async () => {
    const { next } = current.current.list;
    if (next === null || reading.current) return;
    reading.current = true;
    try {
      const path = `api/events${query({ search, lane, outcome, before: next, limit: String(PAGE * 2) })}`;
      const page = await ask(EventPage, path);
      if (current.current.list.next === next) setList(withOlder(current.current.list, page));
    } catch (thrown) {
      setProblem(refusal(thrown));
    } finally {
      reading.current = false;
    }
  }, [search, lane, outcome]);

  return { state, problem, list, held, catchUp: () => void look('on top'), older: () => void older() };
}
