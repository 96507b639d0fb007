import { EXIT, problemOf, WrongUsage } from '../frame/problem.ts';

/** What one check came to. `unknown`: it could not be judged, and says why. */
export type Finding = {
  /** The part of the deployment: secrets, salesforce, rows, rights, webhook, clocks, mode, stacks. */
  readonly part: string;
  readonly state: 'good' | 'bad' | 'unknown';
  readonly what: string;
  /** How a person mends it, or gets to know; never with `good`. */
  readonly mend?: string;
};

export const good = (part: string, what: string): Finding => ({ part, state: 'good', what });
export const bad = (part: string, what: string, mend: string): Finding => ({ part, state: 'bad', what, mend });
export const unknown = (part: string, what: string, mend: string): Finding => ({ part, state: 'unknown', what, mend });

/** A check that could not be made is a finding too: the others are made all the same. */
export async function checked(part: string, check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof WrongUsage) throw error;
    const { exit, message } = problemOf(error);
    const said = exit === EXIT.fault && error instanceof Error ? error.message : message;
    return [unknown(part, `could not be checked: ${said}`, 'mend what it says, and run doctor again')];
  }
}
