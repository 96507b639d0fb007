/**
 * Between several readers and one writer: while a batch is written, the next one is gathered. A batch has at least `atLeast`,
 * unless it was asked for, and grows while the writer is busy; at `atMost` readers wait. So no more is held than twice
 * `atMost` and what the readers have in their hands, however much there is to read.
 */
export type Gathering<Item> = {
  /** Waits while there is no room. Throws what the writer threw. */
  readonly put: (item: Item, size: number) => Promise<void>;
  /** What was put so far is written next, however little it is. */
  readonly flush: () => void;
  /** All of it is written. Throws what the writer threw. */
  readonly end: () => Promise<void>;
  /** The writer threw: nothing more is written. */
  readonly broken: () => boolean;
};

export function gather<Item>(
  write: (batch: readonly Item[]) => Promise<void>,
  { atLeast, atMost }: { readonly atLeast: number; readonly atMost: number },
): Gathering<Item> {
  let waiting: Item[] = [];
  let size = 0;
  let due = false;
  let writing: Promise<void> | null = null;
  let failure: { readonly cause: unknown } | null = null;
  const heldBack: (() => void)[] = [];

  const isReady = () => failure === null && waiting.length > 0 && (due || size >= atLeast);
  const makeRoom = () => {
    for (const goOn of heldBack.splice(0)) goOn();
  };
  const writeAll = async (): Promise<void> => {
    while (isReady()) {
      const batch = waiting;
      waiting = [];
      size = 0;
      due = false;
      makeRoom();
      try {
        await write(batch);
      } catch (cause) {
        failure = { cause };
      }
    }
    writing = null;
    makeRoom();
  };
  const start = () => {
    if (isReady()) writing ??= writeAll();
  };
  const complain = () => {
    if (failure !== null) throw failure.cause;
  };
  return {
    put: async (item, itsSize) => {
      while (size >= atMost && failure === null) await new Promise<void>((resolve) => heldBack.push(resolve));
      complain();
      waiting.push(item);
      size += itsSize;
      start();
    },
    flush: () => {
      due = waiting.length > 0;
      start();
    },
    end: async () => {
      due = true;
      start();
      while (writing !== null) await writing;
      complain();
    },
    broken: () => failure !== null,
  };
}
