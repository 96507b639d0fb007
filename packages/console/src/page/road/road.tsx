/** The road as a picture: places with what came through, lines between them, dots that run. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Place, PlaceName } from '../../contract.ts';
import { age, count } from '../figures.ts';
import { Card } from '../parts/card.tsx';
import { Icon } from '../parts/icons.tsx';
import { StateMark } from '../parts/marks.tsx';
import { hashOf, type Route } from '../routes.ts';
import { runDots } from './dots.ts';
import { roadLayout, type Spot } from './layout.ts';

const events = (lane: string, outcome = ''): Route => ({ view: 'events', search: '', lane, outcome });

/** Where a click on a place leads. */
const LEADS_TO: Readonly<Record<PlaceName, Route>> = {
  stripe: events(''),
  ingress: events(''),
  bus: events(''),
  realtime: events('realtime'),
  queue: events('bulk', 'under way'),
  buffer: events('bulk', 'buffered'),
  flush: { view: 'batches' },
  salesforce: { view: 'rows', object: '', search: '' },
  unrouted: events('unrouted'),
  'dead letters': { view: 'letters' },
};

/** What `passed` counts there. */
const PASSES: Readonly<Partial<Record<PlaceName, string>>> = {
  ...{ stripe: 'requests', ingress: 'requests' },
  ...{ buffer: 'rows', flush: 'rows', salesforce: 'rows', 'dead letters': 'letters' },
};

export function Road({ places }: { readonly places: readonly Place[] }) {
  const frame = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const measure = (): void => setWidth(Math.floor(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const layout = useMemo(() => (width === 0 ? null : roadLayout(width)), [width]);
  useEffect(() => {
    return layout === null || stage.current === null ? undefined : runDots(stage.current, layout);
  }, [layout]);
  return (
    <Card title="The road" class="road-card" aside={<Legend />}>
      <div
        ref={frame}
        class={`road road-${layout?.shape ?? 'wide'}`}
        style={{ height: layout === null ? undefined : `${layout.height}px` }}
      >
        {layout === null ? null : (
          <>
            <svg
              class="road-lines"
              viewBox={`0 0 ${layout.width} ${layout.height}`}
              width={layout.width}
              height={layout.height}
              aria-hidden="true"
              focusable="false"
            >
              {layout.lines.map(({ from, to, lane, path }) => (
                <path key={`${from}>${to}`} class={`line line-${lane}`} d={path} />
              ))}
            </svg>
            <div ref={stage} class="road-dots" aria-hidden="true" />
            <ol class="places" aria-label="Places along the road">
              {layout.spots.map((spot) => {
                const place = places.find(({ name }) => name === spot.name);
                return place === undefined ? null : <Station key={spot.name} spot={spot} place={place} />;
              })}
            </ol>
          </>
        )}
      </div>
      <Reasons places={places} />
    </Card>
  );
}

function Station({ spot, place }: { readonly spot: Spot; readonly place: Place }) {
  const { name, passed, here, ageMs, state, reason } = place;
  return (
    <li
      class={`place place-${name.replaceAll(' ', '-')} is-${state}`}
      style={{
        left: `${spot.x}px`,
        top: `${spot.y}px`,
        width: `${spot.width}px`,
        height: `${spot.height}px`,
      }}
    >
      <a href={hashOf(LEADS_TO[name])} title={reason ?? undefined}>
        <span class="place-name">{name}</span>
        <span class="place-passed">
          <span>
            {count(passed)}
            <span class="unseen"> {PASSES[name] ?? 'events'} have come through,</span>
          </span>
          <StateMark state={state} withWord={false} />
        </span>
        <span class={here === 0 ? 'place-here place-none' : 'place-here'}>
          <span>
            <b>{count(here)}</b>
            <span class={ageMs === null ? '' : 'place-word'}> here</span>
          </span>
          {ageMs === null ? null : (
            <span>
              <span class="unseen">oldest </span>
              {age(ageMs)}
            </span>
          )}
        </span>
      </a>
    </li>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-label="Lines">
      <li class="legend-realtime">realtime</li>
      <li class="legend-bulk">bulk</li>
      <li class="legend-astray">went astray</li>
    </ul>
  );
}

/** What is in trouble, with why; else one line of what is at work, which changes each second and may not move the page. */
function Reasons({ places }: { readonly places: readonly Place[] }) {
  const troubled = places.filter(({ state }) => state === 'trouble');
  const busy = places.filter(({ state }) => state === 'busy');
  if (troubled.length === 0)
    return (
      <p class="reasons at-work">
        <Icon name="good" />
        <span>
          No place is in trouble.
          {busy.length === 0
            ? ''
            : ` At work: ${busy.map(({ name, reason }) => `${name} (${reason ?? ''})`).join(', ')}`}
        </span>
      </p>
    );
  return (
    <ul class="reasons" aria-label="Places in trouble">
      {troubled.map(({ name, state, reason }) => (
        <li key={name} class="reason">
          <StateMark state={state} withWord={true} />
          <span>
            <b>{name}</b> {reason ?? ''}
          </span>
        </li>
      ))}
    </ul>
  );
}
