/**
 * The stream of what moves. The browser's own reconnecting is not used: it gives up for good on an answer that is not 200, and
 * says nothing of when it tries again.
 */

/** What an opened source tells. After `failed` it is closed and not heard of again. */
export type Heard = { opened(): void; failed(): void; said(name: string, data: string): void };

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** `tryAt`: when it is tried again, by `now()`. */
  | { readonly state: 'lost'; readonly tryAt: number };

export type StreamParts = {
  /** Opens a source; the answer closes it. */
  readonly open: (heard: Heard) => () => void;
  readonly now: () => number;
  /** Runs `then` in `ms` unless the answer is called first. */
  readonly later: (ms: number, then: () => void) => () => void;
  readonly connection: (connection: Connection) => void;
  readonly said: (name: string, data: string) => void;
};

const LONGEST_MS = 15_000;

/** 1, 2, 4, 8, 15, 15 … s. */
export function pause(failures: number): number {
  return Math.min(LONGEST_MS, 1_000 * 2 ** Math.max(0, failures - 1));
}

/** Keeps a stream open until `close`. `retry` tries at once instead of waiting. */
export function keepOpen(parts: StreamParts): { readonly retry: () => void; readonly close: () => void } {
  let failures = 0;
  let shut: (() => void) | null = null;
  let cancel: (() => void) | null = null;

  function start(): void {
    cancel = null;
    parts.connection({ state: 'connecting' });
    let over = false;
    const close = parts.open({
      opened() {
        failures = 0;
        parts.connection({ state: 'live' });
      },
      failed() {
        if (over) return;
        over = true;
        close();
        shut = null;
        failures += 1;
        const ms = pause(failures);
        parts.connection({ state: 'lost', tryAt: parts.now() + ms });
        cancel = parts.later(ms, start);
      },
      said(name, data) {
        if (!over) parts.said(name, data);
      },
    });
    shut = () => {
      over = true;
      close();
    };
  }

  start();
  return {
    retry() {
      if (cancel === null) return;
      cancel();
      start();
    },
    close() {
      cancel?.();
      cancel = null;
      shut?.();
      shut = null;
    },
  };
}
