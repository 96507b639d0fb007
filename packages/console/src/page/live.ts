/** What the whole page knows and what changes by itself: the last snapshot, the stream's state, the machine's clock, the theme. */
import { computed, signal } from '@preact/signals';
import * as v from 'valibot';
import { Hop, Snapshot } from '../contract.ts';
import { ask, type Refused, refusal } from './ask.ts';
import { type Connection, keepOpen } from './stream.ts';

export const snapshot = signal<Snapshot | null>(null);
/** Why there is no snapshot, while there is none. */
export const failure = signal<Refused | null>(null);
export const connection = signal<Connection>({ state: 'connecting' });
/** Ticks each second. */
const tick = signal(performance.now());
const heardAt = signal({ machine: Date.now(), here: performance.now() });
/** The machine's own clock, ms since 1970: this browser's may be another. */
export const now = computed(() => heardAt.value.machine + Math.max(0, tick.value - heardAt.value.here));

const hearers = new Set<(hop: Hop) => void>();

/** Calls `hear` for each hop until the answer is called. */
export function onHop(hear: (hop: Hop) => void): () => void {
  hearers.add(hear);
  return () => hearers.delete(hear);
}

function take(heard: Snapshot): void {
  const seen = snapshot.value;
  // An answer may be overtaken by the stream; another start begins anew.
  if (seen !== null && seen.startedAt === heard.startedAt && heard.at < seen.at) return;
  heardAt.value = { machine: heard.at, here: performance.now() };
  snapshot.value = heard;
  failure.value = null;
}

/** Asks for the snapshot now, as after a button: the stream's next may be a second away. */
export async function refresh(): Promise<void> {
  try {
    take(await ask(Snapshot, 'api/snapshot'));
  } catch (thrown) {
    failure.value = refusal(thrown);
  }
}

/** A text of the stream as a value, or null: a single one that is not understood must not end the stream. */
function read<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | null {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

let stream: { readonly retry: () => void } | null = null;

export function tryNow(): void {
  stream?.retry();
}

/** Called once, by main. */
export function goLive(): void {
  setInterval(() => {
    tick.value = performance.now();
  }, 1_000);
  stream = keepOpen({
    open(heard) {
      const source = new EventSource('api/stream');
      source.onopen = () => heard.opened();
      source.onerror = () => heard.failed();
      for (const name of ['snapshot', 'hop'])
        source.addEventListener(name, (event) => {
          if (typeof event.data === 'string') heard.said(name, event.data);
        });
      return () => source.close();
    },
    now: () => Date.now(),
    later(ms, then) {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
    connection(next) {
      connection.value = next;
      if (next.state === 'live') void refresh();
    },
    said(name, text) {
      if (name === 'snapshot') {
        const heard = read(Snapshot, text);
        if (heard !== null) take(heard);
      } else {
        const hop = read(Hop, text);
        if (hop !== null) for (const hear of hearers) hear(hop);
      }
    },
  });
  void refresh();
}
