import { describe, expect, it } from 'vitest';
import { gather } from './gather.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A writer that writes when it is told to. */
function slowWriter() {
  const batches: (readonly number[])[] = [];
  const writing: { readonly done: () => void; readonly fail: (error: Error) => void }[] = [];
  const write = (batch: readonly number[]) =>
    new Promise<void>((done, fail) => {
      batches.push(batch);
      writing.push({ done, fail });
    });
  return {
    ...{ batches, write },
    finish: async () => {
      writing.shift()?.done();
      await turn();
    },
    fail: async (error: Error) => {
      writing.shift()?.fail(error);
      await turn();
    },
  };
}

describe('what readers gather for one writer', () => {
  it('is written when it is enough, and grows while the writer is busy, in the order in which it came', async () => {
    const { batches, write, finish } = slowWriter();
    const gathering = gather(write, { atLeast: 3, atMost: 10 });
    for (const item of [1, 2]) await gathering.put(item, 1);
    expect(batches).toEqual([]);
    for (const item of [3, 4, 5, 6, 7]) await gathering.put(item, 1);
    expect(batches).toEqual([[1, 2, 3]]);
    await finish();
    expect(batches).toEqual([
      [1, 2, 3],
      [4, 5, 6, 7],
    ]);
  });

  it('is written however little it is when it was asked for, and at the end', async () => {
    const { batches, write, finish } = slowWriter();
    const gathering = gather(write, { atLeast: 100, atMost: 100 });
    gathering.flush();
    await gathering.put(1, 1);
    expect(batches).toEqual([]);
    gathering.flush();
    await gathering.put(2, 1);
    await finish();
    expect(batches).toEqual([[1]]);
    const ended = gathering.end();
    await finish();
    await ended;
    expect(batches).toEqual([[1], [2]]);
  });

  it('holds readers back when there is no room, until a batch is taken', async () => {
    const { batches, write, finish } = slowWriter();
    const gathering = gather(write, { atLeast: 2, atMost: 4 });
    let put = 0;
    const reader = async () => {
      for (let item = 0; item < 20; item += 1) {
        await gathering.put(item, 1);
        put += 1;
      }
    };
    const reading = reader();
    await turn();
    // One batch is being written, and there is no room for more than one beside it.
    expect([put, batches.map(({ length }) => length)]).toEqual([6, [2]]);
    await finish();
    expect([put, batches.map(({ length }) => length)]).toEqual([10, [2, 4]]);
    for (let rounds = 0; rounds < 10; rounds += 1) await finish();
    await reading;
    expect(put).toBe(20);
  });

  it('says what the writer threw to whoever puts, waits or ends, and writes nothing more', async () => {
    const { batches, write, fail } = slowWriter();
    const gathering = gather(write, { atLeast: 1, atMost: 1 });
    await gathering.put(1, 1);
    await gathering.put(2, 1);
    const waiting = gathering.put(3, 1);
    const refused = expect(waiting).rejects.toThrow('the org is away');
    await fail(new Error('the org is away'));
    await refused;
    await expect(gathering.put(4, 1)).rejects.toThrow('the org is away');
    await expect(gathering.end()).rejects.toThrow('the org is away');
    expect([batches, gathering.broken()]).toEqual([[[1]], true]);
  });
});
