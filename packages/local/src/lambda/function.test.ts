import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mishap } from '../aws/faults.ts';
import type { Pace } from '../pace.ts';
import { type LocalFunction, type LogLine, startFunction } from './function.ts';

const SOURCE = `
let handled = 0;
export const handler = async (event, context) => {
  handled += 1;
  if (event.throws) { const error = new Error('no budget'); error.name = 'BudgetWait'; throw error; }
  if (event.hangs) await new Promise(() => {});
  if (event.calls) for (const path of ['/1', '/2', '/3']) await (await fetch(event.calls + path)).text();
  if (event.exits) process.exit(3);
  if (event.meets) await (await fetch(event.meets)).text();
  console.log(JSON.stringify({ said: event.says ?? null }));
  return { now: Date.now(), made: new Date().getTime(), fixed: new Date(5).getTime(), isDate: new Date() instanceof Date, handled, stage: process.env.STAGE, home: process.env.HOME ?? null, name: context.functionName, remaining: context.getRemainingTimeInMillis() };
};`;

describe('a local Lambda function', () => {
  let folder: string;
  let logs: LogLine[];
  const open: LocalFunction[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'function-'));
    await writeFile(path.join(folder, 'handler.mjs'), SOURCE);
    logs = [];
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((fn) => fn.close()));
    await rm(folder, { recursive: true });
  });

  /** What befalls the invocations from now on, one after the other. */
  const mishaps: Mishap[] = [];
  const start = (
    change: { timeoutSeconds?: number; instances?: number; exportName?: string; pace?: Pace } = {},
  ): LocalFunction => {
    const fn = startFunction(
      {
        name: 'sync',
        arn: 'arn:aws:lambda:us-east-1:123456789012:function:sync',
        bundle: path.join(folder, 'handler.mjs'),
        exportName: 'handler',
        timeoutSeconds: 5,
        memorySize: 512,
        environment: { STAGE: 'test' },
        instances: 1,
        ...change,
      },
      (line) => logs.push(line),
      () => mishaps.shift() ?? null,
    );
    open.push(fn);
    return fn;
  };

  it('keeps its state between invocations and sees only its own environment', async () => {
    const fn = start();
    expect(await fn.invoke({})).toMatchObject({ handled: 1, stage: 'test', home: null, name: 'sync' });
    expect(await fn.invoke({})).toMatchObject({ handled: 2 });
  });

  it('reports what it printed, line by line', async () => {
    await start().invoke({ says: 'hello' });
    await expect.poll(() => logs.map(({ line }) => line)).toContain('{"said":"hello"}');
  });

  it("gives the thrown error's name, which Step Functions matches", async () => {
    await expect(start().invoke({ throws: true })).rejects.toMatchObject({ name: 'BudgetWait', message: 'no budget' });
  });

  it('ends an invocation at its timeout and starts afresh', async () => {
    const fn = start({ timeoutSeconds: 0.3 });
    await expect(fn.invoke({ hangs: true })).rejects.toMatchObject({ errorType: 'Sandbox.Timedout' });
    expect(await fn.invoke({})).toMatchObject({ handled: 1 });
  });

  it('survives an instance that exits', async () => {
    const fn = start();
    await expect(fn.invoke({ exits: true })).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(await fn.invoke({})).toMatchObject({ handled: 1 });
  });

  it('never has two events in one instance, and uses another instance up to its limit', async () => {
    // Nobody is let go before two are there, so two instances take turns however slowly one of them starts.
    const there: ServerResponse[] = [];
    const meeting = createServer((_request, response) => {
      if (there.push(response) === 2) for (const one of there.splice(0)) one.end();
    });
    await new Promise<void>((resolve) => meeting.listen(0, '127.0.0.1', resolve));
    const meets = urlOf(meeting);
    const fn = start({ instances: 2 });
    const results = await Promise.all([1, 2, 3, 4].map(() => fn.invoke({ meets })));
    meeting.closeAllConnections();
    meeting.close();
    const handled = results.map((result) =>
      typeof result === 'object' && result !== null && 'handled' in result ? result.handled : 0,
    );
    expect(handled.sort()).toEqual([1, 1, 2, 2]);
    expect(fn.inFlight()).toBe(0);
  });

  describe('whose instance dies', () => {
    const heard: string[] = [];
    const server = createServer((request, response) => {
      heard.push(request.url ?? '');
      response.end('ok');
    });
    let url: string;

    beforeEach(async () => {
      heard.length = 0;
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = urlOf(server);
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it.each<[Mishap['dies'], readonly string[]]>([
      ['before', []],
      [{ afterSending: 1 }, ['/1']],
      [{ afterSending: 2 }, ['/1', '/2']],
      [{ afterSending: 9 }, ['/1', '/2', '/3']],
      ['after', ['/1', '/2', '/3']],
    ])('%j has done that much, answers nothing, and leaves the next event to a fresh one', async (dies, done) => {
      mishaps.push({ dies, clockOffMs: 0 });
      const fn = start();
      await expect(fn.invoke({ calls: url })).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
      await expect.poll(() => heard).toEqual(done);
      expect(await fn.invoke({})).toMatchObject({ handled: 1 });
    });
  });

  it('may have a clock that is off, for as long as that lasts', async () => {
    const fn = start();
    mishaps.push({ dies: null, clockOffMs: 3_600_000 });
    const late = Date.now() + 3_500_000;
    const off = await fn.invoke({});
    expect(off).toMatchObject({ fixed: 5, isDate: true, now: expect.any(Number), made: expect.any(Number) });
    const { now, made, remaining } = off as { now: number; made: number; remaining: number };
    expect(Math.min(now, made)).toBeGreaterThan(late);
    expect(remaining).toBeGreaterThan(0);
    const right = (await fn.invoke({})) as { now: number };
    expect(right.now).toBeLessThan(late);
  });

  it('tells the time of its machine, however fast that passes, and has the time-out of the wall', async () => {
    const since = Date.now() - 60_000;
    const fn = start({ pace: { speed: 100, since } });
    const told = (await fn.invoke({})) as { now: number; remaining: number };
    expect(told.now).toBeGreaterThanOrEqual(since + 6_000_000);
    expect(told.remaining).toBeLessThanOrEqual(5_000);
  });

  it('fails everyone who waits when the bundle has no such handler', async () => {
    await expect(start({ exportName: 'nothing' }).invoke({})).rejects.toThrow(/no function named nothing/);
  });
});

function urlOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
}
