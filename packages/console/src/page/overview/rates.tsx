import { useMemo } from 'preact/hooks';
import type { Snapshot } from '../../contract.ts';
import { Card } from '../parts/card.tsx';
import { Chart, type Series } from './chart.tsx';
import { smooth } from './smooth.ts';

const write = (value: number): string =>
  value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);

/** A flush writes a hundred rows in one second and none in the next four; the mean of this many points can be read. */
const WINDOW = 15;

export function Rates({ rates }: { readonly rates: Snapshot['rates'] }) {
  const times = useMemo(() => rates.map(([at]) => at), [rates]);
  const series = useMemo<readonly Series[]>(
    () => [
      {
        name: 'received',
        colour: '--realtime',
        values: smooth(
          rates.map(([, received]) => received),
          WINDOW,
        ),
        filled: true,
      },
      {
        name: 'written',
        colour: '--bulk',
        values: smooth(
          rates.map(([, , written]) => written),
          WINDOW,
        ),
      },
    ],
    [rates],
  );
  const last = rates.at(-1);
  const most = Math.max(0, ...rates.map(([, received]) => received));
  return (
    <Card title="Events per second" class="rates-card" aside={<span class="note">mean of 15 s, last ten minutes</span>}>
      <Chart
        times={times}
        series={series}
        write={write}
        height={212}
        summary={
          last === undefined
            ? 'Events per second: nothing yet'
            : `Events per second: now ${write(last[1])} received and ${write(last[2])} written; at most ${write(most)} received in the last ten minutes`
        }
      />
    </Card>
  );
}
