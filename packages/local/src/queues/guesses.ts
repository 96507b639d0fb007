/** What AWS does not document about message move tasks, as switches. The defaults are our guesses. */
export interface QueueGuesses {
  /**
   * When a move task is done: with as many messages as waited when it began, or when it finds the queue empty. A
   * consumer that still fails keeps the second going until somebody cancels it.
   */
  readonly moveTaskEnd: 'startingCount' | 'empty';
}

export const DEFAULT_GUESSES: QueueGuesses = { moveTaskEnd: 'startingCount' };
