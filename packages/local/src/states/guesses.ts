/** What AWS does not document, as switches. The defaults are our guesses. */
export interface StatesGuesses {
  /**
   * How a history goes on after `ExecutionRedriven`: the unsuccessful state is entered again, or its work is scheduled
   * again without a second `…StateEntered`.
   */
  readonly redrivenState: 'entered' | 'scheduled';
}

export const DEFAULT_GUESSES: StatesGuesses = { redrivenState: 'entered' };
