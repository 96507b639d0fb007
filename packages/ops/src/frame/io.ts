import type { Paint } from './paint.ts';

/** Everything that a command may touch of the terminal and the clock, so that tests hand in their own. */
export type Io = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** The whole of standard input. */
  readonly input: () => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the person is: files are named from here. */
  readonly folder: string;
  /** For standard output; leaves the text plain where colours are not wanted. */
  readonly paint: Paint;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  /** How many characters a line of the terminal has; `null`: standard output is no terminal. */
  readonly columns: number | null;
  /** Whether standard error can redraw a line. */
  readonly redraws: NodeJS.WritableStream | null;
  readonly confirm: (question: string) => Promise<boolean>;
  /** Asks without showing what is typed. */
  readonly secret: (question: string) => Promise<string>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Ends early when the command is interrupted. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Aborts at Ctrl-C: a command ends what is under way, says where it stands, and stops. */
  readonly signal: AbortSignal;
};
