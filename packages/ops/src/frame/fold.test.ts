import { describe, expect, it } from 'vitest';
import { folded } from './fold.ts';

describe('a report on a narrow terminal', () => {
  it('is left alone where it fits, and where there is no terminal', () => {
    const text = '  one  two\n\n  three\n';
    expect([folded(text, 10), folded('far too long for ten', null)]).toEqual([text, 'far too long for ten']);
  });

  it('goes on under the last column of the left half', () => {
    expect(folded('  last day  380 requests, 274 published\n', 30)).toBe(
      '  last day  380 requests, 274\n            published\n',
    );
    expect(folded('  16  Unrouted  topup.created  events that no lane takes', 31)).toBe(
      '  16  Unrouted  topup.created\n      events that no lane takes',
    );
  });

  it('goes on two further in, where a line has no columns', () => {
    expect(folded('  ! the circuit has been open for an hour', 24)).toBe(
      '  ! the circuit has been\n    open for an hour',
    );
  });

  it('keeps a word that is too long whole, and makes no empty line for it', () => {
    expect(folded('    https://example.com/a/very/long/address', 20)).toBe(
      '    https://example.com/a/very/long/address',
    );
  });

  it('counts what is seen, not what paints it', () => {
    const painted = '  \u001B[2mlast\u001B[22m  \u001B[32mgood\u001B[39m';
    expect(folded(painted, 12)).toBe(painted);
    expect(folded(`${painted} news`, 12)).toBe('  \u001B[2mlast\u001B[22m  \u001B[32mgood\u001B[39m\n    news');
  });
});
