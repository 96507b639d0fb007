/** The state machine that took an event, drawn, with the states it went through; and the same as a table. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { EventStory, MachineState } from '../../contract.ts';
import { clock, count, took } from '../figures.ts';
import { Card } from '../parts/card.tsx';
import { Icon, type IconName } from '../parts/icons.tsx';
import { arrowPath, box, type Drawing, drawing } from './drawing.ts';
import { machineLayout } from './layout.ts';

type Machine = NonNullable<EventStory['machine']>;

export function MachineCard({ machine }: { readonly machine: Machine }) {
  const { name, executionName, status, states, start, cause } = machine;
  const frame = useRef<HTMLDivElement>(null);
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
  const layout = machineLayout(states, start);
  return (
    <Card
      title={`Machine ${name}`}
      class="machine-card"
      aside={
        <span class={`machine-status machine-${status.toLowerCase()}`}>
          {status.toLowerCase().replaceAll('_', ' ')}
        </span>
      }
    >
      <div ref={frame} class="machine">
        {width === 0 ? null : <Picture states={states} view={drawing(layout, width)} />}
      </div>
      {cause === null ? null : (
        <p class="cause">
          <Icon name="alarm" />
          <span>{cause}</span>
        </p>
      )}
      <Visits states={states} />
      <p class="note machine-execution">
        execution <span class="code">{executionName}</span>
      </p>
    </Card>
  );
}

type Look = 'never' | MachineState['visits'][number]['outcome'];

/** How the last visit ended. */
function lookOf({ visits }: MachineState): Look {
  return visits.at(-1)?.outcome ?? 'never';
}

const LOOK_ICON: Readonly<Record<Look, IconName>> = {
  never: 'nothing',
  succeeded: 'good',
  failed: 'bad',
  caught: 'alarm',
  running: 'wait',
};

function Picture({ states, view }: { readonly states: readonly MachineState[]; readonly view: Drawing }) {
  const gone = states.filter(({ visits }) => visits.length > 0).map(({ name }) => name);
  return (
    <svg
      class="machine-picture"
      viewBox={`0 0 ${view.width} ${view.height}`}
      width={view.width}
      height={view.height}
      role="img"
      aria-label={`The machine's states. It went through ${gone.join(', ')}.`}
    >
      <defs>
        {(['plain', 'gone'] as const).map((kind) => (
          <marker
            key={kind}
            id={`arrow-${kind}`}
            class={`arrow-head arrow-${kind}`}
            viewBox="0 0 8 8"
            refX="6.5"
            refY="4"
            markerUnits="userSpaceOnUse"
            markerWidth={kind === 'gone' ? 10 : 8}
            markerHeight={kind === 'gone' ? 10 : 8}
            orient="auto-start-reverse"
          >
            <path d="M1 1 7 4 1 7z" />
          </marker>
        ))}
      </defs>
      {[...view.arrows]
        .sort((a, b) => Number(a.gone) - Number(b.gone))
        .map((arrow) => (
          <path
            key={`${arrow.from}>${arrow.to}`}
            class={`arrow arrow-${arrow.kind} ${arrow.gone ? 'arrow-gone' : ''}`}
            d={arrowPath(view, arrow)}
            marker-end={`url(#arrow-${arrow.gone ? 'gone' : 'plain'})`}
          />
        ))}
      {states.map((state) => {
        const spot = box(view, state.name);
        return spot === null ? null : <State key={state.name} state={state} {...spot} />;
      })}
    </svg>
  );
}

function State({
  state,
  x,
  y,
  width,
  height,
}: {
  readonly state: MachineState;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}) {
  const look = lookOf(state);
  const round = state.type === 'Succeed' || state.type === 'Fail' ? height / 2 : state.type === 'Choice' ? 2 : 8;
  const tries = state.visits.length;
  return (
    <g class={`state state-look-${look}`} transform={`translate(${x} ${y})`}>
      <title>{`${state.name}, ${state.type}: ${look === 'never' ? 'not entered' : `${look}, entered ${counted(tries)}`}`}</title>
      <rect width={width} height={height} rx={round} />
      <text x={width / 2} y={height / 2} text-anchor="middle" dominant-baseline="central">
        {state.name}
      </text>
      {look === 'never' ? null : <Badge look={look} tries={tries} x={width} />}
    </g>
  );
}

const counted = (tries: number): string => (tries === 1 ? 'once' : `${count(tries)} times`);

/** At the corner: how it ended as a shape; how often it was entered when more than once. */
function Badge({ look, tries, x }: { readonly look: Look; readonly tries: number; readonly x: number }) {
  const wide = tries > 1 ? 20 + 9 * String(tries).length + 8 : 18;
  return (
    <g class="state-badge" transform={`translate(${x - wide + 7} -9)`}>
      <rect width={wide} height="18" rx="9" />
      <g transform="translate(3 3) scale(.75)">
        <Icon name={LOOK_ICON[look]} />
      </g>
      {tries > 1 ? (
        <text x="17" y="9.5" dominant-baseline="central">
          ×{tries}
        </text>
      ) : null}
    </g>
  );
}

function Visits({ states }: { readonly states: readonly MachineState[] }) {
  const visits = states
    .flatMap(({ name, visits: all }) => all.map((visit) => ({ name, ...visit })))
    .sort((a, b) => a.enteredAt - b.enteredAt);
  if (visits.length === 0) return null;
  return (
    <div class="table-frame">
      <table class="table stacked visits">
        <caption class="unseen">States it went through, in order</caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Ended</th>
            <th scope="col" class="figure">
              Took
            </th>
            <th scope="col" class="figure">
              Entered
            </th>
          </tr>
        </thead>
        <tbody>
          {visits.map(({ name, enteredAt, exitedAt, outcome, error }, index) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              <td>
                <span class={`mark visit-${outcome}`}>
                  <Icon name={LOOK_ICON[outcome]} />
                  <span class="mark-word">{outcome}</span>
                </span>
                {error === null ? null : <span class="visit-error">{error}</span>}
              </td>
              <td class="figure">{exitedAt === null ? '–' : took(Math.max(0, exitedAt - enteredAt))}</td>
              <td class="figure">{clock(enteredAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
