import { SingleBar } from 'cli-progress';
import type { Io } from './io.ts';

/** How far long work is. On a terminal a bar on standard error; elsewhere a line every few seconds and one at the end. */
export type Progress = {
  readonly to: (done: number, note?: string) => void;
  /** A better guess of the whole. */
  readonly outOf: (total: number) => void;
  readonly end: () => void;
};

const LINE_EVERY_MS = 5_000;

export function startProgress(label: string, total: number, io: Io): Progress {
  return io.redraws === null ? lines(label, total, io) : bar(label, total, io.redraws);
}

function bar(label: string, total: number, stream: NodeJS.WritableStream): Progress {
  const single = new SingleBar({
    format: `${label} {bar} {percentage} % | {value}/{total} {note}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    stream,
    hideCursor: true,
  });
  single.start(total, 0, { note: '' });
  return {
    to: (done, note = '') => single.update(done, { note }),
    outOf: (whole) => single.setTotal(whole),
    end: () => single.stop(),
  };
}

function lines(label: string, total: number, io: Io): Progress {
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
