/** The page's own icons, 16 px, drawn in the colour of the text beside them, which says the same: hidden from screen readers. */
const PATHS = {
  road: 'M1.5 8h3c2.5 0 2.5-4 5-4h5M4.5 8c2.5 0 2.5 4 5 4h5',
  events: 'M2 4h12M2 8h12M2 12h7',
  batches: 'M8 1.8 14 5 8 8.2 2 5zM2.4 8 8 11l5.6-3M2.4 11 8 14l5.6-3',
  rows: 'M2 3h12v10H2zM2 6.5h12M6.5 6.5V13',
  letters: 'M2 4h12v8.5H2zM2.3 4.4 8 9l5.7-4.6',
  replays: 'M2.2 8a5.8 5.8 0 1 0 1.9-4.3M2 2.2v2.6h2.6M8 5v3.2l2.2 1.4',
  good: 'M3 8.5 6.5 12 13 4.5',
  bad: 'M4 4l8 8M12 4l-8 8',
  alarm: 'M8 2 15 14H1zM8 6.5v3.2M8 11.8v.2',
  wait: 'M8 2.2A5.8 5.8 0 1 0 13.8 8',
  buffered: 'M3 3h10M3 13h10M4.5 3c0 4 7 5.5 7 10M11.5 3c0 4-7 5.5-7 10',
  stale: 'M8 2.2a5.8 5.8 0 1 0 .01 0M4 12 12 4',
  nothing: 'M3.5 8h9',
  duplicate: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  astray: 'M8 14V8.5M8 8.5 3 3.5M8 8.5 13 3.5M3 7V3.5h3.5',
  right: 'M6 3.5 10.5 8 6 12.5',
  left: 'M10 3.5 5.5 8l4.5 4.5',
  up: 'M8 13V3M4 7l4-4 4 4',
  search: 'M7 2.5a4.5 4.5 0 1 0 .01 0M10.4 10.4 14 14',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M4.5 2.8v10.4L13 8z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 .01 0M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M3 13l1.2-1.2M11.8 4.2 13 3',
  moon: 'M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z',
  person: 'M8 2a2.8 2.8 0 1 0 .01 0M2.5 14c.6-3 2.8-4.4 5.5-4.4s4.9 1.4 5.5 4.4',
  card: 'M1.8 3.8h12.4v8.4H1.8zM1.8 6.8h12.4',
  leave: 'M9.5 2.5h-7v11h7M6 8h8M11 5l3 3-3 3',
  bolt: 'M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z',
  lock: 'M3.5 7h9v7h-9zM5.5 7V4.8a2.5 2.5 0 0 1 5 0V7',
  storm: 'M4.2 10.5a3 3 0 1 1 .5-5.9 3.8 3.8 0 0 1 7.2 1.1 2.5 2.5 0 0 1 0 4.8M8.5 8 6.8 11h2.4l-1.7 3',
  flush: 'M2 3h12l-4.6 5.4V13L6.6 14V8.4z',
  off: 'M8 1.8v6M4.2 3.9a5.8 5.8 0 1 0 7.6 0',
  clock: 'M8 2.2a5.8 5.8 0 1 0 .01 0M8 4.8V8l2.2 1.6',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
