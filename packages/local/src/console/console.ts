/**
 * The local console: the page of `npm start` and what it asks. It reads the running machine inside this process and
 * listens on loopback alone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Snapshot } from '@payments/console/contract';
import type { LogLine } from '../lambda/function.ts';
import type { Machine } from '../machine.ts';
import { clockAt } from '../pace.ts';
import type { Arrival } from '../road/arrival.ts';
import { type BatchLedger, createBatchLedger } from './batch-ledger.ts';
import { pageSources } from './build-page.ts';
import { createLedger, type EventLedger, KEPT } from './event-ledger.ts';
import { createHistory, POINT_EVERY_MS } from './history.ts';
import { serveConsole } from './http-server.ts';
import { livesList } from './lives.ts';
import { operatorOn } from './operator.ts';
import { eyesOnRoad } from './road-look.ts';
import { routesOf } from './routes.ts';
import { saidIn } from './said.ts';
import { snapshotOf } from './snapshot.ts';
import { createStream, type Stream } from './stream.ts';
import { type Telling, tellingOf, tellingsOf } from './telling.ts';
import { troublesOf } from './troubles.ts';

/** What the console hears of the machine from its first moment on; made before the machine, which is started with it. */
export type Ears = {
  readonly onLog: (line: LogLine) => void;
  readonly onArrival: (arrival: Arrival) => void;
  readonly ledger: EventLedger;
  readonly batches: BatchLedger;
  readonly stream: Stream;
};

/** `kept`: how many events are remembered. */
export function openEars(kept = KEPT): Ears {
  const ledger = createLedger(kept);
  const batches = createBatchLedger();
  const stream = createStream();
  const take = (tellings: readonly Telling[]): void => {
    for (const hop of ledger.add(tellings)) stream.hop(hop);
  };
  return {
    ledger,
    batches,
    stream,
    onLog: ({ line, at }) => {
      const said = saidIn(line);
      if (said === null) return;
      batches.add(said, at);
      take(tellingsOf(said, at));
    },
    onArrival: (arrival) => {
      const name = arrival.targetArn.slice(arrival.targetArn.lastIndexOf(':') + 1);
      const short = name.slice(name.lastIndexOf('-') + 1);
      const machine = arrival.targetArn.includes(':states:');
      const lane = machine ? 'realtime' : short === 'Bulk' ? 'bulk' : 'unrouted';
      take([tellingOf(arrival, lane, machine ? short : null)]);
    },
  };
}

export type ConsoleOptions = {
  readonly machine: Machine;
  readonly ears: Ears;
  readonly root: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly onError: (error: unknown) => void;
};

export type RunningConsole = { readonly url: string; close(): Promise<void> };

/** This machine's own browsers only. */
const HOST = '127.0.0.1';
const HOPS_EVERY_MS = 100;
const SNAPSHOT_EVERY_MS = 1_000;
const BEAT_EVERY_MS = 15_000;

export async function startConsole({ machine, ears, root, port, onError }: ConsoleOptions): Promise<RunningConsole> {
  const { ledger, batches, stream } = ears;
  const { now } = clockAt(machine.pace);
  const startedAt = now();
  const closing = new AbortController();
  const history = createHistory();
  const eyes = eyesOnRoad(machine, ledger);
  const troubles = troublesOf(machine, (change) => stream.trouble(change));
  const operator = operatorOn({
    ...{ awsUrl: machine.road.awsUrl, region: machine.graph.region, nowMs: now, onError },
    ...{ sleep: (ms) => delay(ms), signal: closing.signal },
  });
  const snapshot = async (): Promise<Snapshot> => {
    const look = await eyes.look();
    const calls = look.redis?.usage.windows[0]?.used ?? null;
    history.note(look.at, { received: ledger.passed('ingress'), written: ledger.passed('salesforce'), calls });
    return snapshotOf({ look, startedAt, ledger, history, troubles: troubles.list(), lives: livesList() });
  };
  const server = await serveConsole({
    host: HOST,
    port,
    routes: routesOf({ machine, ledger, batches, operator, troubles, snapshot }),
    stream,
    folder: pageSources(root).dist,
    onError,
  });
  let looking = false;
  let looked = 0;
  const tell = async (): Promise<void> => {
    // A look that takes longer than a second is not overtaken by the next. While nobody watches, the points are enough.
    if (looking || (stream.listeners === 0 && now() - looked < POINT_EVERY_MS)) return;
    looking = true;
    looked = now();
    try {
      stream.sendSnapshot(await snapshot());
    } catch (error) {
      onError(error);
    } finally {
      looking = false;
    }
  };
  const timers = [
    setInterval(() => stream.sendHops(), HOPS_EVERY_MS),
    setInterval(() => void tell(), SNAPSHOT_EVERY_MS),
    setInterval(() => stream.beat(), BEAT_EVERY_MS),
  ];
  return {
    url: server.url,
    async close() {
      closing.abort();
      for (const timer of timers) clearInterval(timer);
      troubles.close();
      await server.close();
      eyes.close();
    },
  };
}
