import type { StripeAccount } from './account.ts';

/**
 * Lets an account's clock go on while it is asked, a second for a second, unless somebody else moves it: the original's
 * never stands. Whoever waits for a later second (two changes of one second are told apart that way) then gets one.
 */
export function passingTime(account: StripeAccount, clock: () => number): () => void {
  let seen = account.now();
  let since = clock();
  return () => {
    const [now, real] = [account.now(), clock()];
    if (now !== seen) {
      [seen, since] = [now, real];
      return;
    }
    const seconds = Math.floor((real - since) / 1000);
    if (seconds < 1) return;
    account.advance(seconds);
    seen = account.now();
    since += seconds * 1000;
  };
}
