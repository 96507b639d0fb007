import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalFunction, type LogLine, startFunction } from './function.ts';

const SOURCE = `
let handled = 0;
export const handler = async (event, context) => {
  handled += 1;
  if (event.throws) { const error = new Error('no budget'); error.name = 'BudgetWait'; throw error; }
  if (event.hangs) await new Promise(() => {});
  if (event.exits) process.exit(3);
  if (event.holds) await new Promise((resolve) => setTimeout(resolve, event.holds));
  console.log(JSON.stringify({ said: event.says ?? null }));
  return { handled, stage: process.env.STAGE, home: process.env.HOME ?? null, name: context.functionName, remaining: context.getRemainingTimeInMillis() };
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

  const start = (change: { timeoutSeconds?: number; instances?: number; exportName?: string } = {}): LocalFunction => {
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
    const fn = start({ instances: 2 });
    const results = await Promise.all([1, 2, 3, 4].map(() => fn.invoke({ holds: 50 })));
    const handled = results.map((result) =>
      typeof result === 'object' && result !== null && 'handled' in result ? result.handled : 0,
    );
    expect(handled.sort()).toEqual([1, 1, 2, 2]);
    expect(fn.inFlight()).toBe(0);
  });

  it('fails everyone who waits when the bundle has no such handler', async () => {
    await expect(start({ exportName: 'nothing' }).invoke({})).rejects.toThrow(/no function named nothing/);
  });
});
