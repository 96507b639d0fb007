import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { plain } from './paint.ts';
import { progressOn } from './progress.ts';

/** A terminal of 120 columns that keeps what is written. */
class Screen extends Writable {
  readonly isTTY = true;
  readonly columns = 120;
  written = '';
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.written += chunk.toString();
    done();
  }
}

/** `redraws`: the terminal, where there is one. `err` keeps what else went to standard error. */
function world(redraws: Screen | null) {
  let clock = 0;
  const err: string[] = [];
  return {
    err,
    pass: (ms: number) => {
      clock += ms;
    },
    io: {
      ...{
        out: () => {},
        input: async () => '',
        env: {},
        folder: '/',
        paint: plain,
        canAsk: false,
        redraws,
        columns: 120,
      },
      ...{ confirm: async () => false, secret: async () => '', sleep: async () => {} },
      err: (text: string) => void err.push(text),
      nowMs: () => clock,
      signal: new AbortController().signal,
    },
  };
}

const ESCAPE = '\u001B';
const PARTS = new RegExp(`${ESCAPE}\\[(\\d+)A|(\\n)|${ESCAPE}\\[\\d*[GK]|[^${ESCAPE}\\n]+`, 'g');

/** What stands on the screen at the end, line by line: moves upward, erasing to the right and the first column are obeyed. */
function drawnLines(screen: Screen): readonly string[] {
  const found: string[] = [''];
  let at = 0;
  for (const [part, up, newline] of screen.written.matchAll(PARTS)) {
    if (up !== undefined) at -= Number(up);
    else if (newline !== undefined) at += 1;
    else if (!part.startsWith(ESCAPE)) found[at] = part;
  }
  return found.flatMap((line) => ((line ?? '') === '' ? [] : [line.trimEnd()]));
}

describe('progress on a terminal', () => {
  it('is a bar that is drawn over itself, and changes nothing else about the terminal', () => {
    const screen = new Screen();
    const { io, err } = world(screen);
    const progress = progressOn(io).start('redriven', 10);
    progress.to(3, 'BulkParked');
    progress.outOf(4);
    progress.end();
    const shown = stripVTControlCharacters(screen.written);
    expect(shown).toContain('redriven ');
    expect(shown).toMatch(/█+░+ 75 % \| 3\/4 BulkParked\s*$/);
    // A hidden cursor (DECTCEM) or a line that no longer wraps (DECAWM) would stay after a kill.
    expect(screen.written).not.toContain(`${ESCAPE}[?`);
    expect(err).toEqual([]);
  });

  it('is one bar below the other for work that is done at the same time', () => {
    const screen = new Screen();
    const { start } = progressOn(world(screen).io);
    const [customers, prices] = [start('customers', 20), start('prices', 3)];
    customers.to(20);
    prices.to(3);
    customers.end();
    prices.end();
    expect(drawnLines(screen)).toEqual([
      expect.stringMatching(/^customers █+ 100 % \| 20\/20/),
      expect.stringMatching(/^prices █+ 100 % \| 3\/3/),
    ]);
  });

  it('leaves room for what is said meanwhile, above', () => {
    const screen = new Screen();
    const { io, err } = world(screen);
    const { start, say } = progressOn(io);
    const progress = start('rows', 4);
    progress.to(2);
    say('stopping');
    progress.end();
    expect(drawnLines(screen)).toEqual(['stopping', expect.stringMatching(/^rows █+░+ 50 % \| 2\/4/)]);
    say('stopped');
    expect(err).toEqual(['stopped\n']);
  });

  it('clears the note that is no longer true', () => {
    const screen = new Screen();
    const progress = progressOn(world(screen).io).start('checks', 2);
    progress.to(1, 'salesforce');
    progress.to(2);
    progress.end();
    expect(stripVTControlCharacters(screen.written)).toMatch(/2\/2\s*$/);
  });
});

describe('progress elsewhere', () => {
  it('is a line every five seconds, and the last one once', () => {
    const { io, err, pass } = world(null);
    const progress = progressOn(io).start('rows', 10);
    progress.to(1);
    pass(5_000);
    progress.to(2, 'cus_1');
    pass(4_000);
    progress.to(3);
    expect(err).toEqual(['rows 2/10 cus_1\n']);
    progress.outOf(12);
    progress.to(12);
    progress.end();
    progress.end();
    expect(err).toEqual(['rows 2/10 cus_1\n', 'rows 12/12\n']);
  });
});
