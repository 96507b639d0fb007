/** What AWS documents both ways, as switches. The defaults are our guesses. */
export interface SecretGuesses {
  /**
   * AWSPENDING once its version becomes AWSCURRENT: it stays there, or it is taken off. A rotation may end either way
   * by the documentation of RotateSecret.
   */
  readonly pendingOnceCurrent: 'stays' | 'removed';
}

export const DEFAULT_GUESSES: SecretGuesses = { pendingOnceCurrent: 'stays' };
