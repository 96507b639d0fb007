/** All events: filter, search, live on top, and only the rows in sight in the document. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Lane, Outcome } from '../../contract.ts';
import { count, counted } from '../figures.ts';
import { Title } from '../parts/card.tsx';
import { Icon } from '../parts/icons.tsx';
import { Empty, Loading, Trouble } from '../parts/waiting.tsx';
import { replaceRoute } from '../route.ts';
import { inSight } from './list.ts';
import { EventTable } from './table.tsx';
import { type Filter, useEvents } from './use-events.ts';

const SPARE_ROWS = 8;
/** Older ones are asked for when this many rows are left below. */
const AHEAD_ROWS = 30;
const SEARCH_PAUSE_MS = 250;
/** Heights of `.event-row` in events.css. */
const ROW_PX = { broad: 44, narrow: 64 };
const narrow = matchMedia('(max-width: 719px)');

export function EventsView(filter: Filter) {
  const [paused, setPaused] = useState(false);
  const [away, setAway] = useState(false);
  const events = useEvents(filter, paused || away);
  const { list, held, state, problem } = events;
  const filtered = filter.search !== '' || filter.lane !== '' || filter.outcome !== '';
  const catchUp = (): void => {
    setPaused(false);
    scrollTo({ top: 0 });
    events.catchUp();
  };
  return (
    <div class="events-view">
      <Title
        title="Events"
        what={
          state === 'there' ? (
            <span aria-live="off">
              {counted(list.total, filtered ? 'match' : 'event', filtered ? 'matches' : 'events')}
            </span>
          ) : (
            '…'
          )
        }
      >
        <button
          type="button"
          class="button"
          aria-pressed={paused}
          onClick={() => (paused ? catchUp() : setPaused(true))}
        >
          <Icon name={paused ? 'play' : 'pause'} />
          {paused ? 'Resume' : 'Pause'}
        </button>
      </Title>
      <Filters {...filter} />
      <div class="events-list">
        {held > 0 ? (
          <button type="button" class="held" onClick={catchUp}>
            <Icon name="up" /> {counted(held, 'new event')}
          </button>
        ) : null}
        {state === 'loading' ? (
          <Loading rows={12} what="events" />
        ) : state === 'refused' && problem !== null ? (
          <Trouble problem={problem} again={events.catchUp} />
        ) : list.lines.length === 0 ? (
          filtered ? (
            <Empty title="No event matches">
              <a href="#/events">Show all events</a>
            </Empty>
          ) : (
            <Empty title="No event yet">
              <a href="#/">Make some life on the road</a>
            </Empty>
          )
        ) : (
          <Rows events={events} away={setAway} />
        )}
      </div>
    </div>
  );
}

/** Only the rows in sight, at their height. */
function Rows({
  events,
  away,
}: {
  readonly events: ReturnType<typeof useEvents>;
  readonly away: (away: boolean) => void;
}) {
  const { list, older } = events;
  const frame = useRef<HTMLDivElement>(null);
  const [rowPx, setRowPx] = useState(narrow.matches ? ROW_PX.narrow : ROW_PX.broad);
  const [[first, end], setSight] = useState<readonly [number, number]>([0, 40]);
  const rows = list.lines.length;
  useLayoutEffect(() => {
    const look = (): void => {
      const px = narrow.matches ? ROW_PX.narrow : ROW_PX.broad;
      const body = frame.current?.querySelector('.events-body');
      const top = body === null || body === undefined ? 0 : -body.getBoundingClientRect().top;
      const sight = inSight(rows, px, top, innerHeight, SPARE_ROWS);
      setRowPx(px);
      setSight((was) => (was[0] === sight[0] && was[1] === sight[1] ? was : sight));
      away(top > 0);
    };
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [rows, away]);
  useEffect(() => {
    if (end > rows - AHEAD_ROWS) older();
  }, [end, rows, older]);
  return (
    <div ref={frame}>
      <EventTable
        label="Events, newest first"
        lines={list.lines.slice(first, end)}
        from={first}
        total={list.total}
        lift={first * rowPx}
        height={rows * rowPx}
      />
      <p class="list-end" role="status">
        {list.next === null
          ? `That is all: ${count(rows)}.`
          : `${count(rows)} of ${count(list.total)} read; more as you scroll.`}
      </p>
    </div>
  );
}

function Filters(filter: Filter) {
  const [typed, setTyped] = useState(filter.search);
  const change = (part: Partial<Filter>): void => replaceRoute({ view: 'events', ...filter, ...part });
  useEffect(() => {
    if (typed === filter.search) return;
    const timer = setTimeout(() => change({ search: typed }), SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  // The address changed by itself: a link, or the back button.
  useEffect(() => setTyped(filter.search), [filter.search]);
  return (
    <search class="filters">
      <label class="field field-search">
        <span class="unseen">Search by id or type</span>
        <Icon name="search" />
        <input
          type="search"
          placeholder="Search by id or type"
          value={typed}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>Lane</span>
        <select value={filter.lane} onChange={(event) => change({ lane: event.currentTarget.value })}>
          <option value="">any</option>
          {Lane.options.map((lane) => (
            <option key={lane}>{lane}</option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Outcome</span>
        <select value={filter.outcome} onChange={(event) => change({ outcome: event.currentTarget.value })}>
          <option value="">any</option>
          {Outcome.options.map((outcome) => (
            <option key={outcome}>{outcome}</option>
          ))}
        </select>
      </label>
    </search>
  );
}
