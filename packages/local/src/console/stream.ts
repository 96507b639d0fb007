/**
 * Server-sent events to every page that is open. A page that reads slowly gets fewer: hops are for the picture and are
 * left out first, a snapshot makes the one before it worthless, and who takes nothing for half a minute is let go. Nothing
 * is kept for anyone beyond {@link MOST_WAITING} bytes.
 */
import type { Hop, Snapshot } from '@payments/console/contract';

/** What the stream needs of a connection. */
export type Listener = {
  write(text: string): void;
  /** Bytes that were written and not taken yet. */
  waiting(): number;
  end(): void;
};

export type Stream = {
  /** Returns how to leave. `null`: too many listen already. */
  join(listener: Listener): (() => void) | null;
  hop(hop: Hop): void;
  trouble(change: { readonly name: string; readonly on: boolean }): void;
  /** Sends the hops that gathered: ten times a second. */
  sendHops(): void;
  /** Sends a snapshot if it says something new: once a second. */
  sendSnapshot(snapshot: Snapshot): void;
  /** So that a connection whose other end is gone is noticed: each quarter of a minute. */
  beat(): void;
  readonly listeners: number;
  /** Lets everyone go. */
  close(): void;
};

const MOST_LISTENERS = 20;
const MOST_WAITING = 256 * 1024;
/** Of one sending: 200 a second. More could not be seen; the counts of the snapshot have them all. */
const MOST_HOPS = 20;
/** Snapshots that a slow listener may miss in a row. */
const PATIENCE = 30;

export function createStream(): Stream {
  const joined = new Map<Listener, { missed: number }>();
  let hops: Hop[] = [];
  let last = '';

  const send = (text: string, onSlow: (listener: Listener) => void = () => {}): void => {
    for (const listener of joined.keys()) {
      if (listener.waiting() > MOST_WAITING) onSlow(listener);
      else listener.write(text);
    }
  };
  const leave = (listener: Listener): void => {
    if (joined.delete(listener)) listener.end();
  };

  return {
    join(listener) {
      if (joined.size >= MOST_LISTENERS) return null;
      joined.set(listener, { missed: 0 });
      listener.write('retry: 1000\n\n');
      // Who comes new has seen none.
      last = '';
      return () => leave(listener);
    },
    hop(hop) {
      if (joined.size > 0 && hops.length < MOST_HOPS) hops.push(hop);
    },
    trouble: (change) => send(message('trouble', change)),
    sendHops() {
      if (hops.length === 0) return;
      const text = hops.map((hop) => message('hop', hop)).join('');
      hops = [];
      send(text);
    },
    sendSnapshot(snapshot) {
      if (joined.size === 0) return;
      const said = newsIn(snapshot);
      const text = said === last ? null : message('snapshot', snapshot);
      last = said;
      for (const [listener, state] of joined) {
        if (listener.waiting() > MOST_WAITING) {
          // It has not seen this one: the next second sends again, also when nothing has changed by then.
          last = '';
          state.missed += 1;
          if (state.missed > PATIENCE) leave(listener);
          continue;
        }
        state.missed = 0;
        if (text !== null) listener.write(text);
      }
    },
    beat: () => send(': still here\n\n'),
    get listeners() {
      return joined.size;
    },
    close() {
      for (const listener of [...joined.keys()]) leave(listener);
    },
  };
}

function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** All but what only time changes. */
function newsIn({ at, budget, rates, places, ...rest }: Snapshot): string {
  return JSON.stringify([rest, budget.windows, places.map(({ ageMs, ...place }) => place)]);
}
