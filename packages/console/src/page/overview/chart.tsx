/** A time series by uPlot, in the page's colours. What it shows is also said in words, for whoever cannot see it. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { clock } from '../figures.ts';
import { theme } from '../theme.ts';

export type Series = {
  readonly name: string;
  /** A custom property of tokens.css, such as `--realtime`. */
  readonly colour: string;
  readonly filled?: boolean;
  readonly values: readonly number[];
};

export function Chart({
  times,
  series,
  write,
  summary,
  height,
  limit,
}: {
  /** ms since 1970, rising. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly write: (value: number) => string;
  readonly summary: string;
  readonly height: number;
  /** A line across at this value, with its name. */
  readonly limit?: { readonly value: number; readonly name: string };
}) {
  const stage = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const shown = theme.value;
  const data: uPlot.AlignedData = [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])];
  const latest = useRef(data);
  latest.current = data;
  const names = series.map(({ name }) => name).join();

  useLayoutEffect(() => {
    const element = stage.current;
    if (element === null) return;
    const made = new uPlot(options(element, series, write, height, limit?.value, setAt), latest.current, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current = null;
      made.destroy();
    };
    // A theme changes every colour; the data alone is set below.
  }, [shown, names, height, limit?.value]);

  useLayoutEffect(() => {
    plot.current?.setData(latest.current);
  }, [times, series]);

  const index = at === null || at >= times.length ? times.length - 1 : at;
  const time = times[index];
  return (
    <figure class="chart">
      <figcaption class="chart-legend" aria-hidden="true">
        {series.map(({ name, colour, values }) => (
          <span key={name} class="chart-key">
            <i style={{ color: `var(${colour})` }} />
            {name} <b>{values[index] === undefined ? '–' : write(values[index])}</b>
          </span>
        ))}
        <span class="chart-time">{time === undefined ? '' : clock(time)}</span>
      </figcaption>
      <div class="chart-stage" ref={stage} role="img" aria-label={summary} style={{ height: `${height}px` }} />
    </figure>
  );
}

function options(
  element: HTMLElement,
  series: readonly Series[],
  write: (value: number) => string,
  height: number,
  limit: number | undefined,
  point: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (property: string): string => style.getPropertyValue(property).trim();
  const axis: uPlot.Axis = {
    stroke: colour('--faint'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour('--hairline'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      y: { range: (_, __, max) => [0, Math.max(1, (Number.isFinite(max) ? Math.max(max, limit ?? 0) : 1) * 1.1)] },
    },
    axes: [
      { ...axis, space: 80, size: 26, values: (_, ticks) => ticks.map((tick) => clock(tick * 1_000)) },
      { ...axis, space: 34, size: 44, values: (_, ticks) => ticks.map(write) },
    ],
    series: [
      {},
      ...series.map(
        ({ name, colour: property, filled }): uPlot.Series => ({
          label: name,
          stroke: colour(property),
          width: 1.75,
          ...(filled === true ? { fill: `${colour(property)}1f` } : {}),
          points: { show: false },
        }),
      ),
    ],
    hooks: {
      setCursor: [(self) => point(self.cursor.idx ?? null)],
      draw:
        limit === undefined
          ? []
          : [
              (self) => {
                const y = Math.round(self.valToPos(limit, 'y', true));
                const { ctx, bbox } = self;
                ctx.save();
                ctx.strokeStyle = colour('--trouble');
                ctx.setLineDash([6, 4]);
                ctx.beginPath();
                ctx.moveTo(bbox.left, y);
                ctx.lineTo(bbox.left + bbox.width, y);
                ctx.stroke();
                ctx.restore();
              },
            ],
    },
  };
}
