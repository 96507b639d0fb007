/** What a button did, said to everyone: seen for a while, and read out. One place for the whole page, which is always there. */
import { signal } from '@preact/signals';
import * as v from 'valibot';
import { Done } from '../../contract.ts';
import { ask, refusal } from '../ask.ts';
import { refresh } from '../live.ts';
import { Icon } from './icons.tsx';

type Saying = { readonly number: number; readonly text: string; readonly good: boolean };

const SEEN_MS = 8_000;
const AT_MOST = 3;

const sayings = signal<readonly Saying[]>([]);
let number = 0;

export function say(text: string, good: boolean): void {
  number += 1;
  const saying = { number, text, good };
  sayings.value = [...sayings.value, saying].slice(-AT_MOST);
  setTimeout(() => forget(saying.number), SEEN_MS);
}

function forget(which: number): void {
  sayings.value = sayings.value.filter((saying) => saying.number !== which);
}

/** Presses a button of the server's; says what it did. True when it did it. */
export async function press(path: string, body: unknown = {}): Promise<boolean> {
  try {
    const { message } = await ask(v.object(Done.entries), path, { post: body });
    say(message, true);
    return true;
  } catch (thrown) {
    say(refusal(thrown).message, false);
    return false;
  } finally {
    void refresh();
  }
}

export function Said() {
  return (
    <div class="said" role="status" aria-live="polite" aria-label="What the last button did">
      {sayings.value.map((saying) => (
        <p key={saying.number} class={`saying ${saying.good ? 'saying-good' : 'saying-bad'}`}>
          <Icon name={saying.good ? 'good' : 'alarm'} />
          <span>{saying.text}</span>
          <button type="button" class="quiet-button" onClick={() => forget(saying.number)}>
            <Icon name="bad" />
            <span class="unseen">Dismiss</span>
          </button>
        </p>
      ))}
    </div>
  );
}
