/**
 * The console's server as the page's tests need it: the built page and the contract's answers from a made-up world, on loopback.
 * The test moves it: events arrive, the stream breaks, answers fail.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import * as v from 'valibot';
import { type EventLine, ReplayRequest, type RowLine } from '../src/contract.ts';
import {
  batchesAt,
  dice,
  eventAt,
  hopsOf,
  lettersAt,
  pastEvents,
  replaysAt,
  rowDetail,
  rowsAt,
  snapshotOf,
  storyOf,
} from './world.fixture.ts';

const KINDS: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export type FixtureServer = {
  readonly url: string;
  /** What was pressed: method and path, with the body. */
  readonly pressed: { readonly path: string; readonly body: unknown }[];
  /** New events, told on the stream. */
  arrive(many: number): readonly EventLine[];
  /** Ends every stream; none is opened until `true`. */
  streams(open: boolean): void;
  /** Every replay ends, and the stream says nothing of it. */
  replayed(): void;
  /** While true every question is answered 503. */
  refuse(refusing: boolean): void;
  /** While true no question is answered at all. */
  hang(hanging: boolean): void;
  /** The newest urgent event that was given up. */
  failed(): EventLine;
  /** Some row of the org. */
  row(): RowLine;
  close(): Promise<void>;
};

function first<T>(all: readonly T[], what: string): T {
  const [one] = all;
  if (one === undefined) throw new Error(`the world has no ${what}`);
  return one;
}

export async function startFixtureServer(options: {
  /** The built page. */
  readonly dist: string;
  readonly events?: number;
  readonly letters?: boolean;
  readonly unrouted?: Readonly<Record<string, number>>;
  /** At most so many letters of a queue, its newest, are listed one by one. */
  readonly listed?: number;
  readonly empty?: boolean;
  readonly port?: number;
  /** The world's clock, ms since 1970. */
  readonly now?: () => number;
}): Promise<FixtureServer> {
  const now = options.now ?? (() => Date.now());
  const startedAt = now() - 754_000;
  const roll = dice(77);
  const empty = options.empty === true;
  let events: EventLine[] = empty ? [] : pastEvents(7, options.events ?? 400, now(), 900);
  let letters = empty || options.letters === false ? [] : lettersAt(now(), options.unrouted ?? {});
  const rows: RowLine[] = empty ? [] : rowsAt(now());
  const batches = empty ? [] : batchesAt(now());
  let replays = empty ? [] : replaysAt(now());
  const on = new Set<string>();
  const streams = new Set<ServerResponse>();
  const hanging = new Set<ServerResponse>();
  const pressed: { path: string; body: unknown }[] = [];
  let open = true;
  let refusing = false;
  let hangs = false;

  const snapshot = () => snapshotOf(events, letters.length, on, startedAt, now());
  const tell = (name: string, value: unknown): void => {
    for (const stream of streams) stream.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
  };

  function arrive(many: number): readonly EventLine[] {
    const fresh = Array.from({ length: many }, () => eventAt(roll, now()));
    events = [...fresh.toReversed(), ...events];
    for (const line of fresh) for (const hop of hopsOf(line)) tell('hop', hop);
    tell('snapshot', snapshot());
    return fresh;
  }

  function eventPage(asked: URLSearchParams) {
    const search = (asked.get('search') ?? '').toLowerCase();
    const said = (name: string): string => asked.get(name) ?? '';
    const all = events.filter(
      (line) =>
        (said('lane') === '' || line.lane === said('lane')) &&
        (said('outcome') === '' || line.outcome === said('outcome')) &&
        (search === '' || `${line.id} ${line.type} ${line.objectId ?? ''}`.toLowerCase().includes(search)),
    );
    const limit = Number(asked.get('limit') ?? '50');
    const before = said('before');
    const from = before === '' ? 0 : all.findIndex(({ id }) => id === before) + 1;
    const page = all.slice(from, from + limit);
    return { events: page, next: from + limit < all.length ? (page.at(-1)?.id ?? null) : null, total: all.length };
  }

  function rowPage(asked: URLSearchParams) {
    const object = asked.get('object') ?? '';
    const search = (asked.get('search') ?? '').toLowerCase();
    const counts = new Map<string, number>();
    for (const row of rows) counts.set(row.object, (counts.get(row.object) ?? 0) + 1);
    const all = rows.filter(
      (row) =>
        (object === '' || row.object === object) && `${row.name} ${row.id} ${row.key}`.toLowerCase().includes(search),
    );
    const from = asked.has('after') ? all.findIndex(({ id }) => id === asked.get('after')) + 1 : 0;
    const page = all.slice(from, from + 50);
    return {
      objects: [...counts].sort().map(([name, many]) => ({ name, rows: many })),
      rows: page,
      next: from + 50 < all.length ? (page.at(-1)?.id ?? null) : null,
    };
  }

  function groups() {
    const many = new Map<string, { queue: string; reason: string; count: number }>();
    for (const { queue, reason } of letters) {
      const key = `${queue} ${reason}`;
      many.set(key, { queue, reason, count: (many.get(key)?.count ?? 0) + 1 });
    }
    return [...many.values()];
  }

  function listed() {
    const newest = letters.toSorted((a, b) => b.at - a.at);
    return [...new Set(letters.map(({ queue }) => queue))].flatMap((name) =>
      newest.filter(({ queue }) => queue === name).slice(0, options.listed ?? newest.length),
    );
  }

  function answer(url: URL): unknown {
    const [, , what, one, two] = url.pathname.split('/').map(decodeURIComponent);
    switch (what) {
      case 'snapshot':
        return snapshot();
      case 'events': {
        if (one === undefined) return eventPage(url.searchParams);
        const line = events.find(({ id }) => id === one);
        return line === undefined ? null : storyOf(line);
      }
      case 'batches':
        return { batches };
      case 'rows': {
        if (one === undefined || two === undefined) return rowPage(url.searchParams);
        const row = rows.find(({ id }) => id === two);
        return row === undefined ? null : rowDetail(row, events);
      }
      case 'letters':
        return { letters: listed(), groups: groups() };
      case 'replays':
        return { replays };
      default:
        return null;
    }
  }

  function press(url: URL, body: unknown): { readonly message: string } {
    pressed.push({ path: url.pathname, body });
    const [, , what, one, two] = url.pathname.split('/').map(decodeURIComponent);
    switch (what) {
      case 'life':
        arrive(3);
        return { message: `${one}: three events are on their way` };
      case 'trouble': {
        const { on: wanted } = v.parse(v.object({ on: v.boolean() }), body);
        if (wanted) on.add(one ?? '');
        else on.delete(one ?? '');
        tell('snapshot', snapshot());
        return { message: wanted ? `${one} is on` : `${one} is off` };
      }
      case 'letters': {
        const { queue, ids } = v.parse(v.object({ queue: v.string(), ids: v.optional(v.array(v.string())) }), body);
        const gone = letters.filter(
          (letter) => letter.queue === queue && (ids === undefined || ids.includes(letter.id)),
        );
        letters = letters.filter((letter) => !gone.includes(letter));
        return { message: `${gone.length} sent back onto the road` };
      }
      case 'replays': {
        if (two === 'cancel') {
          replays = replays.map((replay) =>
            replay.name === one ? { ...replay, state: 'CANCELLED', endedAt: now() } : replay,
          );
          return { message: `${one} is cancelled` };
        }
        const { from, to } = v.parse(ReplayRequest, body);
        const name = `console-${pressed.length}`;
        replays = [
          { name, state: 'STARTING', from, to, startedAt: now(), endedAt: null, lastReplayedAt: null },
          ...replays,
        ];
        return { message: `${name} has started` };
      }
      default:
        throw new Error(`nothing to press at ${url.pathname}`);
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    response.setHeader('content-security-policy', "default-src 'self'; base-uri 'none'; frame-ancestors 'none'");
    response.setHeader('cache-control', 'no-store');
    if (!url.pathname.startsWith('/api/')) {
      const file = path.join(options.dist, path.normalize(url.pathname === '/' ? '/index.html' : url.pathname));
      const bytes = await readFile(file).catch(() => null);
      response.statusCode = bytes === null ? 404 : 200;
      response.setHeader('content-type', KINDS[path.extname(file)] ?? 'application/octet-stream');
      response.end(bytes);
      return;
    }
    if (hangs) {
      hanging.add(response);
      return;
    }
    if (url.pathname === '/api/stream') {
      if (!open) {
        response.statusCode = 503;
        response.end();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    response.setHeader('content-type', 'application/json');
    const refuse = (status: number, code: string, message: string): void => {
      response.statusCode = status;
      response.end(JSON.stringify({ error: { code, message } }));
    };
    if (refusing) return refuse(503, 'not-now', 'The road is closing.');
    if (request.method === 'POST') {
      if (request.headers['x-console'] !== '1')
        return refuse(403, 'not-the-page', 'Only the console’s page may do this.');
      const body: Buffer[] = [];
      for await (const chunk of request) body.push(Buffer.from(chunk));
      response.end(JSON.stringify(press(url, JSON.parse(Buffer.concat(body).toString()))));
      return;
    }
    const value = answer(url);
    if (value === null) return refuse(404, 'unknown', 'There is no such thing here.');
    response.end(JSON.stringify(value));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(JSON.stringify({ error: { code: 'fixture', message: String(error) } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fixture server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    pressed,
    arrive,
    streams(wanted) {
      open = wanted;
      if (!wanted) for (const stream of streams) stream.end();
    },
    replayed() {
      replays = replays.map((replay) => ({ ...replay, state: 'COMPLETED', endedAt: now() }));
    },
    refuse(wanted) {
      refusing = wanted;
    },
    hang(wanted) {
      hangs = wanted;
      if (wanted) return;
      for (const response of hanging) response.destroy();
      hanging.clear();
    },
    failed: () =>
      first(
        events.filter(({ lane, outcome }) => lane === 'realtime' && outcome === 'failed'),
        'failed event',
      ),
    row: () => first(rows, 'row'),
    close() {
      for (const response of [...streams, ...hanging]) response.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
