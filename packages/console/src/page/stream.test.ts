import { expect, test } from 'vitest';
import { type Connection, type Heard, keepOpen, pause } from './stream.ts';

/** A world in which the test decides when a source opens, fails and speaks, and when time passes. */
function world() {
  const sources: { heard: Heard; closed: boolean }[] = [];
  const timers: { ms: number; then: () => void }[] = [];
  const connections: Connection[] = [];
  const said: string[] = [];
  const stream = keepOpen({
    open(heard) {
      const source = { heard, closed: false };
      sources.push(source);
      return () => {
        source.closed = true;
      };
    },
    now: () => 1_000,
    later(ms, then) {
      const timer = { ms, then };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
    connection: (connection) => void connections.push(connection),
    said: (name, data) => void said.push(`${name} ${data}`),
  });
  const last = () => {
    const source = sources.at(-1);
    if (source === undefined) throw new Error('nothing was opened');
    return source;
  };
  const pass = (): void => timers.shift()?.then();
  return { stream, sources, timers, connections, said, last, pass };
}

test('a stream that is lost is tried again after 1, 2, 4, 8 and then every 15 s', () => {
  expect([1, 2, 3, 4, 5, 6, 60].map(pause)).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  const { last, timers, pass, connections } = world();
  const waits: number[] = [];
  for (let tries = 0; tries < 3; tries += 1) {
    last().heard.failed();
    waits.push(timers[0]?.ms ?? 0);
    expect(connections.at(-1)).toEqual({ state: 'lost', tryAt: 1_000 + (timers[0]?.ms ?? 0) });
    pass();
  }
  expect(waits).toEqual([1_000, 2_000, 4_000]);
});

test('one that opened again begins at 1 s the next time', () => {
  const { last, timers, pass } = world();
  last().heard.failed();
  pass();
  last().heard.failed();
  pass();
  last().heard.opened();
  last().heard.failed();
  expect(timers.map(({ ms }) => ms)).toEqual([1_000]);
});

test('a source that failed is closed, fails once, and is not heard any more', () => {
  const { sources, last, timers, said } = world();
  last().heard.said('hop', '1');
  last().heard.failed();
  last().heard.failed();
  last().heard.said('hop', '2');
  expect(sources.map(({ closed }) => closed)).toEqual([true]);
  expect(timers).toHaveLength(1);
  expect(said).toEqual(['hop 1']);
});

test('someone who does not want to wait tries at once, and nothing is tried twice', () => {
  const { stream, sources, last, timers } = world();
  stream.retry();
  expect(sources).toHaveLength(1);
  last().heard.failed();
  stream.retry();
  expect(sources).toHaveLength(2);
  expect(timers).toHaveLength(0);
});

test('a closed stream stays closed', () => {
  const { stream, last, timers, connections } = world();
  last().heard.opened();
  stream.close();
  last().heard.failed();
  expect(last().closed).toBe(true);
  expect(timers).toHaveLength(0);
  expect(connections.at(-1)).toEqual({ state: 'live' });
});
