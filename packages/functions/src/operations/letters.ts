import type { Letter, LetterBox } from '../adapters/queues.ts';

/** Longer than a run of any scheduled function, so that a run sees each message once. */
const HIDE_SECONDS = 120;
/** Of one queue in one run: as many notices of 250 KB as a function of 1 GB holds easily. */
const MOST_LETTERS = 500;
/** In a row, until a queue is taken for empty; what was missed is seen by the next run. */
const EMPTY_ANSWERS = 2;

/**
 * Gives what a queue holds to `handle`, which says what of it is done with. Everything else is given back at once, whatever
 * happens: it is for people, or for the next run. Gives how many that were. Receives no more once `isLate`.
 */
export async function withLetters(
  box: LetterBox,
  handle: (letters: readonly Letter[], done: (letter: Letter) => Promise<void>) => Promise<void>,
  isLate: () => boolean = () => false,
): Promise<number> {
  const letters: Letter[] = [];
  const gone = new Set<Letter>();
  const left = () => letters.filter((letter) => !gone.has(letter));
  try {
    for (let empty = 0; empty < EMPTY_ANSWERS && letters.length < MOST_LETTERS && !isLate(); ) {
      const some = await box.receive(HIDE_SECONDS);
      empty = some.length === 0 ? empty + 1 : 0;
      letters.push(...some);
    }
    await handle(letters, async (letter) => {
      await box.remove([letter]);
      gone.add(letter);
    });
  } finally {
    await box.giveBack(left());
  }
  return left().length;
}
