import type { Operator } from '../adapters/operator.ts';
import type { Io } from '../frame/io.ts';
import { NotReached } from '../frame/problem.ts';

/** Lets work begin no faster than the API budget allows. */
export type Pace = {
  /** Waits until a call may be used; `false`: interrupted meanwhile. Throws NotReached while the circuit is open. */
  readonly take: () => Promise<boolean>;
};

const ASK_AGAIN_MS = 5_000;
/** An urgent event costs a call, seldom two: half of what is free may begin at once. */
const SHARE = 0.5;

/** Never touches what is kept for urgent events: a redrive must not make today's customers wait. */
export function budgetPace(operator: Pick<Operator, 'standing'>, io: Pick<Io, 'sleep' | 'signal'>): Pace {
  let free = 0;
  return {
    take: async () => {
      while (free < 1) {
        if (io.signal.aborted) return false;
        const { circuit, freeCalls } = await operator.standing();
        if (circuit === 'open') throw circuitOpen();
        free = Math.floor(freeCalls * SHARE);
        if (free < 1) await io.sleep(ASK_AGAIN_MS);
      }
      free -= 1;
      return true;
    },
  };
}

export function circuitOpen(): NotReached {
  return new NotReached(
    'Salesforce is away (the circuit is open): what is redriven now would only wait. Try again later',
  );
}
