import type { Letter, LetterBox } from '../adapters/queues.ts';

/** Longer than it takes to look through. */
const HIDE_SECONDS = 60;
const MOST_LETTERS = 500;

/** Looks at each letter of a queue; those of which `isGone` says so are removed, all others are back at once. */
export async function lookThrough(box: LetterBox, isGone: (letter: Letter) => Promise<boolean>): Promise<void> {
  const letters: Letter[] = [];
  while (letters.length < MOST_LETTERS) {
    const some = await box.receive(HIDE_SECONDS);
    if (some.length === 0) break;
    letters.push(...some);
  }
  const gone = new Set<Letter>();
  try {
    for (const letter of letters) if (await isGone(letter)) gone.add(letter);
  } finally {
    // What was done with a letter stands, whatever came after it.
    await box.giveBack(letters.filter((letter) => !gone.has(letter)));
    await box.remove([...gone]);
  }
}
