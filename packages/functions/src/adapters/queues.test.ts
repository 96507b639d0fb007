import { describe, expect, it } from 'vitest';
import { asciiJson, packed } from './queues.ts';

describe('messages to SQS', () => {
  it('go ten at a time, fewer when they are long, one that is too long alone, and in order', () => {
    const lengths = (texts: readonly string[]) => packed(texts).map((call) => call.map((text) => text.length));
    expect(lengths(Array(23).fill('x')).map((call) => call.length)).toEqual([10, 10, 3]);
    const [long, half] = ['l'.repeat(1_200_000), 'h'.repeat(500_000)];
    expect(lengths(['a', long, half, half, 'b'])).toEqual([[1], [1_200_000], [500_000, 500_000], [1]]);
    expect(packed([])).toEqual([]);
    expect(packed(['1', '2', '3']).flat()).toEqual(['1', '2', '3']);
  });

  it('carry nothing that SQS refuses, and say the same', () => {
    const said = { name: 'Zoë 👋', odd: '\ufffe\uffff\ud800\u0000\u007f', text: 'a "b"\n' };
    const text = asciiJson(JSON.stringify(said));
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(text)).toEqual(said);
  });
});
