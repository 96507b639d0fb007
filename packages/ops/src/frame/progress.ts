import { MultiBar } from 'cli-progress';
import type { Io } from './io.ts';

/** How far long work is. On a terminal a bar on standard error; elsewhere a line every few seconds and one at the end. */
export type Progress = {
  readonly to: (done: number, note?: string) => void;
  /** A better guess of the whole. */
  readonly outOf: (total: number) => void;
  readonly end: () => void;
};

export type ProgressDisplay = {
  readonly start: (label: string, total: number) => Progress;
  /** A line on standard error, above the bars that are being drawn. */
  readonly say: (line: string) => void;
};

const LINE_EVERY_MS = 5_000;

/** Of one command. What begins before the others have ended is drawn below them. */
export function progressOn(io: Pick<Io, 'err' | 'nowMs' | 'redraws' | 'columns'>): ProgressDisplay {
  const { redraws } = io;
  if (redraws !== null) return bars(redraws, io);
  return { start: (label, total) => lines(label, total, io), say: (line) => io.err(`${line}\n`) };
}

function bars(stream: NodeJS.WritableStream, { columns, err }: Pick<Io, 'columns' | 'err'>): ProgressDisplay {
  let drawn: MultiBar | null = null;
  let open = 0;
  return {
    start: (label, total) => {
      drawn ??= new MultiBar({
        format: '{label} {bar} {percentage} % | {value}/{total} {note}',
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: Math.min(40, Math.max(10, (columns ?? 80) - 70)),
        stream,
        // Whoever kills the program gets the terminal back as it was: nothing about it is changed.
        ...{ hideCursor: false, linewrap: true, gracefulExit: false },
        // A line above moves what has not changed as well.
        forceRedraw: true,
      });
      const bar = drawn.create(total, 0, { label, note: '' });
      open += 1;
      let ended = false;
      return {
        to: (done, note = '') => bar.update(done, { note }),
        outOf: (whole) => bar.setTotal(whole),
        end: () => {
          if (ended) return;
          ended = true;
          open -= 1;
          if (open > 0) return;
          drawn?.stop();
          drawn = null;
        },
      };
    },
    say: (line) => {
      if (drawn === null) return err(`${line}\n`);
      drawn.log(`${line}\n`);
      drawn.update();
    },
  };
}

function lines(label: string, total: number, io: Pick<Io, 'err' | 'nowMs'>): Progress {
  let whole = total;
  let saidAt = io.nowMs();
  let last = '';
  let said = '';
  const say = () => {
    if (last === said) return;
    io.err(`${last}\n`);
    said = last;
  };
  return {
    to: (done, note = '') => {
      last = `${label} ${done}/${whole}${note === '' ? '' : ` ${note}`}`;
      if (io.nowMs() - saidAt < LINE_EVERY_MS) return;
      saidAt = io.nowMs();
      say();
    },
    outOf: (next) => {
      whole = next;
    },
    end: say,
  };
}
