/** Where a storm is, on stderr: a line that changes in a terminal, a line now and then elsewhere. */
import type { Progress } from './storm.ts';

const EVERY_MS = { terminal: 100, elsewhere: 10_000 };

export function openProgress(
  name: string,
  injections: number,
  stream: { readonly isTTY?: boolean; write(text: string): unknown } = process.stderr,
) {
  const terminal = stream.isTTY === true;
  let at = Number.NEGATIVE_INFINITY;
  const line = (text: string): void => void stream.write(terminal ? `\r\x1b[K${text}` : `${text}\n`);
  return {
    show: ({ events, struck, underWay }: Progress): void => {
      const now = performance.now();
      if (now - at < (terminal ? EVERY_MS.terminal : EVERY_MS.elsewhere)) return;
      at = now;
      line(
        `${name}: ${events} events, ${struck} of ${injections} injections have struck, ${underWay} events under way`,
      );
    },
    say: (text: string): void => line(`${name}: ${text}`),
    close: (): void => void (terminal && stream.write('\r\x1b[K')),
  };
}
