/** The console's page in headless Chromium, watched over its DevTools protocol: what it keeps, and whether it answers at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { WebSocket } from 'ws';

export type PageReport = {
  /** Of JavaScript, after a collection. */
  readonly heapMb: number;
  readonly elements: number;
  /** How long the page's thread let a task wait; the most of five. */
  readonly waitMs: number;
  /** Requests that it says have come to Stripe's end of the road. */
  readonly shown: number;
};

export type Browser = { look(): Promise<PageReport>; close(): Promise<void> };

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
const STARTED_WITHIN_MS = 30_000;
const TASKS = 5;

const Targets = v.array(v.object({ type: v.string(), webSocketDebuggerUrl: v.string() }));
const Answer = v.object({ id: v.number(), result: v.optional(v.unknown()), error: v.optional(v.unknown()) });
const Usage = v.object({ usedSize: v.number() });
const Evaluated = v.object({ result: v.object({ value: v.number() }) });

/** Opens the page. Throws when there is no browser at CHROMIUM, or it does not start. */
export async function openBrowser(url: string): Promise<Browser> {
  const profile = await mkdtemp(path.join(tmpdir(), 'console-soak-'));
  const args = [...ARGUMENTS, '--remote-debugging-port=0', `--user-data-dir=${profile}`, url];
  const child = spawn(CHROMIUM, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const close = async (): Promise<void> => {
    const gone = once(child, 'exit');
    if (child.exitCode === null && child.kill()) await gone;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const socket = await pageSocket(await devToolsOf(child));
    const call = caller(socket);
    const number = async (expression: string): Promise<number> => {
      const said = await call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      return v.parse(Evaluated, said).result.value;
    };
    return {
      async look() {
        // First: what the rest takes is no lateness of the page's.
        const shown = await number(SHOWN);
        const waits: number[] = [];
        for (let task = 0; task < TASKS; task += 1) waits.push(await number(WAIT));
        const elements = await number('document.querySelectorAll("*").length');
        await call('HeapProfiler.collectGarbage', {});
        const { usedSize } = v.parse(Usage, await call('Runtime.getHeapUsage', {}));
        const heapMb = Math.round((usedSize / 2 ** 20) * 10) / 10;
        return { heapMb, elements, waitMs: Math.round(Math.max(...waits)), shown };
      },
      async close() {
        socket.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const WAIT = 'new Promise((done) => { const at = performance.now(); setTimeout(() => done(performance.now() - at)); })';

/** 0: nothing yet. Beyond a hundred thousand the page rounds. */
const SHOWN = `parseInt(document.querySelector('.place-stripe .place-passed')?.textContent.replaceAll(',', '') ?? '0')`;

/** Where the browser listens: it says so on standard error. */
function devToolsOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
      const [, host] = /DevTools listening on ws:\/\/([^/]+)\//.exec(said) ?? [];
      if (host !== undefined) resolve(host);
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${CHROMIUM} ended: ${said.slice(-300)}`)));
    setTimeout(() => reject(new Error(`${CHROMIUM} did not start`)), STARTED_WITHIN_MS).unref();
  });
}

async function pageSocket(host: string): Promise<WebSocket> {
  for (;;) {
    const targets = v.parse(Targets, await (await fetch(`http://${host}/json/list`)).json());
    const page = targets.find(({ type }) => type === 'page');
    if (page !== undefined) {
      const socket = new WebSocket(page.webSocketDebuggerUrl);
      await once(socket, 'open');
      return socket;
    }
    await delay(100);
  }
}

function caller(socket: WebSocket): (method: string, params: object) => Promise<unknown> {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  socket.on('message', (data) => {
    const answer = v.safeParse(v.pipe(v.string(), v.parseJson(), Answer), String(data));
    // Everything else are events, which nobody asked for.
    if (!answer.success) return;
    const { id, result, error } = answer.output;
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(`the browser refused: ${JSON.stringify(error)}`));
  });
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser is gone'));
  });
  return (method, params) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
}
