import type { Letter, LetterBox } from '../adapters/queues.ts';
import { withLetters } from './letters.ts';

/** Looks at each letter of a queue; those of which `isGone` says so are removed, all others are back at once. */
export async function lookThrough(box: LetterBox, isGone: (letter: Letter) => Promise<boolean>): Promise<void> {
  await withLetters(box, async (letters, done) => {
    for (const letter of letters) if (await isGone(letter)) await done(letter);
  });
}
