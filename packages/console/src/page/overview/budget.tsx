/** The calls that Salesforce allows: a gauge for each window, and the smallest window over time. */
import { useMemo } from 'preact/hooks';
import type { Snapshot } from '../../contract.ts';
import { count, percent } from '../figures.ts';
import { Card } from '../parts/card.tsx';
import { Chart, type Series } from './chart.tsx';

/** Bulk takes no batch from here on; urgent events that can wait go with it from the second on. Of a window's limit. */
const SHED_BULK = 80;
const SHED_URGENT = 95;

export function Budget({ budget }: { readonly budget: Snapshot['budget'] }) {
  const { windows, history } = budget;
  const times = useMemo(() => history.map(([at]) => at), [history]);
  const smallest = windows[0];
  const series = useMemo<readonly Series[]>(
    () => [
      {
        name: `calls in the ${smallest?.name ?? 'window'}`,
        colour: '--realtime',
        values: history.map(([, used]) => used),
        filled: true,
      },
    ],
    [history, smallest?.name],
  );
  const most = Math.max(0, ...history.map(([, used]) => used));
  return (
    <Card
      title="Salesforce API budget"
      class="budget-card"
      aside={<span class="note">calls used of those allowed</span>}
    >
      {windows.length === 0 ? <p class="note budget-none">Redis does not say.</p> : null}
      <ul class="gauges">
        {windows.map((window) => (
          <li key={window.name}>
            <Gauge {...window} />
          </li>
        ))}
      </ul>
      <Chart
        times={times}
        series={series}
        write={count}
        height={164}
        summary={`Calls in the ${smallest?.name ?? 'smallest window'} over the last ten minutes: at most ${count(most)} of ${count(smallest?.limit ?? 0)}`}
      />
    </Card>
  );
}

const RADIUS = 40;
/** Of the circle that the gauge is: three quarters. */
const ARC = 0.75;

function Gauge({ name, used, limit }: Snapshot['budget']['windows'][number]) {
  const full = percent(used, limit);
  const tone = full >= SHED_URGENT ? 'trouble' : full >= SHED_BULK ? 'busy' : 'fine';
  const round = 2 * Math.PI * RADIUS;
  const arc = (part: number): string => `${Math.max(0, Math.min(1, part)) * ARC * round} ${round}`;
  const mark = (((SHED_BULK / 100) * ARC + (1 - ARC) / 2 + 0.25) * 2 * Math.PI) % (2 * Math.PI);
  const at = (radius: number): string => `${50 + radius * Math.cos(mark)} ${50 + radius * Math.sin(mark)}`;
  return (
    <div class={`gauge gauge-${tone}`}>
      <svg viewBox="0 0 100 88" aria-hidden="true">
        <g transform="rotate(135 50 50)" fill="none" stroke-width="7" stroke-linecap="round">
          <circle class="gauge-track" cx="50" cy="50" r={RADIUS} stroke-dasharray={arc(1)} />
          {used > 0 ? (
            <circle class="gauge-used" cx="50" cy="50" r={RADIUS} stroke-dasharray={arc(used / Math.max(1, limit))} />
          ) : null}
        </g>
        <path class="gauge-mark" d={`M${at(34)}L${at(46)}`} />
        <text class="gauge-figure" x="50" y="54" text-anchor="middle">
          {full}%
        </text>
        <text class="gauge-name" x="50" y="70" text-anchor="middle">
          {name}
        </text>
      </svg>
      <p class="gauge-of">
        <span class="unseen">Calls in the {name}: </span>
        <b>{count(used)}</b> of {count(limit)}
        <span class="unseen">, {full} %</span>
      </p>
    </div>
  );
}
