import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { plain } from './paint.ts';
import { startProgress } from './progress.ts';

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
      ...{ out: () => {}, input: async () => '', env: {}, folder: '/', paint: plain, canAsk: false, redraws },
      ...{ confirm: async () => false, secret: async () => '', sleep: async () => {} },
      err: (text: string) => void err.push(text),
      nowMs: () => clock,
      signal: new AbortController().signal,
    },
  };
}

describe('progress on a terminal', () => {
  it('is a bar that is drawn over itself, and gives the cursor back at its end', () => {
    const screen = new Screen();
    const { io, err } = world(screen);
    const progress = startProgress('redriven', 10, io);
    progress.to(3, 'BulkParked');
    progress.outOf(4);
    progress.end();
    const shown = stripVTControlCharacters(screen.written);
    expect(shown).toContain('redriven ');
    expect(shown).toMatch(/█+░+ 75 % \| 3\/4 BulkParked\s*$/);
    // Hidden first, shown last (DECTCEM).
    expect(screen.written.indexOf('\u001B[?25l')).toBeLessThan(screen.written.indexOf('█'));
    expect(screen.written.lastIndexOf('\u001B[?25h')).toBeGreaterThan(screen.written.lastIndexOf('BulkParked'));
    expect(err).toEqual([]);
  });

  it('clears the note that is no longer true', () => {
    const screen = new Screen();
    const progress = startProgress('checks', 2, world(screen).io);
    progress.to(1, 'salesforce');
    progress.to(2);
    progress.end();
    expect(stripVTControlCharacters(screen.written)).toMatch(/2\/2\s*$/);
  });
});

describe('progress elsewhere', () => {
  it('is a line every five seconds, and the last one once', () => {
    const { io, err, pass } = world(null);
    const progress = startProgress('rows', 10, io);
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
