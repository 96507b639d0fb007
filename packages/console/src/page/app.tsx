/** The page's frame: where one can go, how the stream is, and the view that the address names. */
import { useEffect, useRef } from 'preact/hooks';
import { BatchesView } from './batches/batches.tsx';
import { EventsView } from './events/events.tsx';
import { StoryView } from './events/story.tsx';
import { LettersView } from './letters/letters.tsx';
import { connection, now, snapshot, tryNow } from './live.ts';
import { OverviewView } from './overview/overview.tsx';
import { Confirm } from './parts/confirm.tsx';
import { Icon, type IconName } from './parts/icons.tsx';
import { Said } from './parts/said.tsx';
import { ReplaysView } from './replays/replays.tsx';
import { route } from './route.ts';
import { hashOf, type Route } from './routes.ts';
import { RowView } from './rows/row.tsx';
import { RowsView } from './rows/rows.tsx';
import { theme, toggleTheme } from './theme.ts';

type Section = { readonly icon: IconName; readonly name: string; readonly short: string; readonly route: Route };

const SECTIONS: readonly Section[] = [
  { icon: 'road', name: 'Road', short: 'Road', route: { view: 'road' } },
  { icon: 'events', name: 'Events', short: 'Events', route: { view: 'events', search: '', lane: '', outcome: '' } },
  { icon: 'batches', name: 'Batches', short: 'Batches', route: { view: 'batches' } },
  { icon: 'rows', name: 'Salesforce rows', short: 'Rows', route: { view: 'rows', object: '', search: '' } },
  { icon: 'letters', name: 'Dead letters', short: 'Letters', route: { view: 'letters' } },
  { icon: 'replays', name: 'Replays', short: 'Replays', route: { view: 'replays' } },
];

/** The section a detail belongs to. */
const SECTION_OF: Readonly<Partial<Record<Route['view'], Route['view']>>> = { event: 'events', row: 'rows' };

export function App() {
  const shown = route.value;
  const main = useRef<HTMLElement>(null);
  const place = placeOf(shown);
  const first = useRef(true);
  useEffect(() => {
    const section = SECTIONS.find((one) => one.route.view === (SECTION_OF[shown.view] ?? shown.view));
    document.title = `${section?.name ?? 'Road'} · Payments console`;
    // Another view begins at its top, for the eye and for the screen reader alike; the page itself does not at first.
    if (!first.current) {
      scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [place]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <div class="frame">
        <header class="bar">
          <a class="brand" href="#/">
            <img src="./mark.svg" alt="" width="26" height="26" />
            <span>
              <b>Payments</b> console
            </span>
          </a>
          <Navigation shown={shown} />
          <div class="bar-end">
            <StreamState />
            <button type="button" class="quiet-button theme-button" onClick={toggleTheme}>
              <Icon name={theme.value === 'dark' ? 'sun' : 'moon'} />
              <span>{theme.value === 'dark' ? 'Light' : 'Dark'}</span>
              <span class="unseen"> theme</span>
            </button>
          </div>
        </header>
        <main id="main" ref={main} tabIndex={-1}>
          <Lost />
          <View key={place} shown={shown} />
        </main>
      </div>
      <Said />
      <Confirm />
    </>
  );
}

/** What makes a view another one: a filter does not. */
function placeOf(shown: Route): string {
  switch (shown.view) {
    case 'event':
      return `event ${shown.id}`;
    case 'row':
      return `row ${shown.object} ${shown.id}`;
    default:
      return shown.view;
  }
}

function View({ shown }: { readonly shown: Route }) {
  switch (shown.view) {
    case 'road':
      return <OverviewView />;
    case 'events':
      return <EventsView search={shown.search} lane={shown.lane} outcome={shown.outcome} />;
    case 'event':
      return <StoryView id={shown.id} />;
    case 'batches':
      return <BatchesView />;
    case 'rows':
      return <RowsView object={shown.object} search={shown.search} />;
    case 'row':
      return <RowView object={shown.object} id={shown.id} />;
    case 'letters':
      return <LettersView />;
    case 'replays':
      return <ReplaysView />;
  }
}

function Navigation({ shown }: { readonly shown: Route }) {
  const view = SECTION_OF[shown.view] ?? shown.view;
  const dead = snapshot.value?.places.find(({ name }) => name === 'dead letters')?.here ?? 0;
  return (
    <nav class="nav" aria-label="Views">
      <ul>
        {SECTIONS.map(({ icon, name, short, route: to }) => (
          <li key={name}>
            <a href={hashOf(to)} aria-current={to.view === view ? 'page' : undefined}>
              <Icon name={icon} />
              <span class="nav-long">{name}</span>
              <span class="nav-short" aria-hidden="true">
                {short}
              </span>
              {to.view === 'letters' && dead > 0 ? (
                <span class="nav-count">
                  {dead > 99 ? '99+' : dead}
                  <span class="unseen"> waiting</span>
                </span>
              ) : null}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function StreamState() {
  const { state } = connection.value;
  const word = { live: 'Live', connecting: 'Connecting', lost: 'Disconnected' }[state];
  return (
    <p class={`stream stream-${state}`} role="status">
      <span class="stream-glyph" aria-hidden="true" />
      {word}
    </p>
  );
}

/** The stream was lost: what is seen is old, and since when. */
function Lost() {
  const { value } = connection;
  const seen = snapshot.value;
  if (value.state !== 'lost' || seen === null) return null;
  // `tryAt` is by the browser's clock; `now` makes this be drawn again each second.
  const seconds = now.value >= 0 ? Math.max(0, Math.ceil((value.tryAt - Date.now()) / 1_000)) : 0;
  return (
    <div class="lost" role="alert">
      <Icon name="alarm" />
      <p>
        <b>The stream is lost.</b> What you see no longer moves. <span class="lost-next">Next try in {seconds} s.</span>
      </p>
      <button type="button" class="button" onClick={tryNow}>
        Try now
      </button>
    </div>
  );
}
