import type { StripeAccount } from './account.ts';
import type { AccountEvent, Books } from './books.ts';
import { DAY, HOUR, MINUTE } from './calendar.ts';
import type { Shop } from './shop.ts';
import { keepShop, openShop } from './shop.ts';
import { STORIES } from './stories.ts';

/** A life tells what it just did and yields how many seconds pass until it goes on. */
export type Story = Generator<number, void, void>;
export type StoryTeller = (books: Books, shop: Shop, number: number) => Story;

export type LifeOptions = {
  readonly customers: number;
  readonly seed: number;
  /** How long the account is watched; 2 by default. Customers arrive in the first half. */
  readonly months?: number;
  /** With which of the stories the first customer begins, counted from 0; the others follow in turn. 0 by default. */
  readonly firstStory?: number;
  /** Asked for each Checkout session; see Books. */
  readonly pendingRow?: () => string | null;
};

export type Step = { readonly at: number; readonly what: string; readonly events: readonly AccountEvent[] };

/**
 * Drives customers through their lives, one step for each next() so that a caller can pace it. The account must have
 * been opened with the same seed for the same events. Stories are told in turn: with 200 customers each of them is
 * told several times, and every routed type occurs.
 */
export function* life(account: StripeAccount, options: LifeOptions): Generator<Step, void, void> {
  const { books } = account;
  books.pendingRow = options.pendingRow ?? (() => null);
  const begin = books.now();
  const end = begin + (options.months ?? 2) * 30 * DAY;
  const shop = openShop(books);
  let told = books.events.length;
  const since = (): readonly AccountEvent[] => {
    const events = books.events.slice(told);
    told = books.events.length;
    return events;
  };
  yield { at: begin, what: 'the catalogue', events: books.events.slice(0) };
  live(books, keepShop(books, shop), DAY, 'the catalogue changes');
  const span = Math.floor((end - begin) / 2) - HOUR;
  for (let number = 0; number < options.customers; number += 1) {
    const story = STORIES[((options.firstStory ?? 0) + number) % STORIES.length];
    if (story === undefined) throw new RangeError('there are no stories');
    const arrival = MINUTE + Math.floor((span * number) / options.customers) + books.random.between(0, HOUR);
    live(books, story.tell(books, shop, number), arrival, story.name);
  }
  for (let step = account.step(end); step !== null; step = account.step(end)) {
    const events = since();
    if (events.length > 0) yield { at: step.at, what: step.what, events };
  }
  account.advanceTo(end);
}

function live(books: Books, story: Story, wait: number, name: string): void {
  books.after(wait, name, () => {
    const next = story.next();
    if (next.done !== true) live(books, story, next.value, name);
  });
}
