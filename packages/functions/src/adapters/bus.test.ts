import { describe, expect, it } from 'vitest';
import { publisher } from './bus.ts';

const ENTRY = { detailType: 'customer.updated', detail: '{}' };
const TAKEN = { FailedEntryCount: 0, Entries: [{ EventId: 'e-1' }] };
const refused = (ErrorCode: string) => ({ FailedEntryCount: 1, Entries: [{ ErrorCode }] });

async function publish(...answers: readonly object[]) {
  let calls = 0;
  const done = publisher(async () => answers[calls++] ?? TAKEN)(ENTRY);
  const error = await done.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { calls, error };
}

describe('publisher', () => {
  it('resolves when the bus took the entry', async () => {
    expect(await publish(TAKEN)).toEqual({ calls: 1, error: null });
  });

  it.each(['ThrottlingException', 'InternalFailure'])('tries once more after %s', async (code) => {
    expect(await publish(refused(code), TAKEN)).toEqual({ calls: 2, error: null });
    expect(await publish(refused(code), refused(code))).toMatchObject({
      calls: 2,
      error: { name: 'BusRefused', code },
    });
  });

  it('does not repeat what cannot succeed', async () => {
    const { calls, error } = await publish(refused('MalformedDetail'));
    expect(calls).toBe(1);
    expect(error).toMatchObject({ name: 'BusRefused', code: 'MalformedDetail' });
  });

  it.each([{}, { FailedEntryCount: 0 }, { FailedEntryCount: 0, Entries: [{}] }, { Entries: [{ EventId: 'e' }] }])(
    'takes %j for no acknowledgement',
    async (answer) => {
      expect((await publish(answer)).error).toMatchObject({ code: 'NoAcknowledgement' });
    },
  );
});
