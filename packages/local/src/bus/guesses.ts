/** What AWS does not document, as switches. The defaults are our guesses. */
export interface BusGuesses {
  /** What an `InputPath` that reaches nothing sends. */
  readonly unreachedInputPath: 'null' | '{}';
  /** What a template's variable outside quotes that reaches nothing becomes. */
  readonly unreachedVariable: '""' | 'null';
  /**
   * When an event is too old: `early` gives up as soon as its next retry would come too late, `late` makes that retry
   * at the very end of its age.
   */
  readonly ageLimit: 'early' | 'late';
  /** ERROR_CODE of a failure that has none. */
  readonly untypedErrorCode: string;
  /** Whether an event at EventEndTime is replayed. */
  readonly replayEnd: 'included' | 'excluded';
  /** Whether a replay waits for the first tries of one minute before it begins the next. */
  readonly replayPacing: 'firstTries' | 'none';
  /** How long a replay rests between two minutes of events, in ms. EventBridge's takes minutes in all; nobody says how many. */
  readonly replayPauseMs: number;
  /** A request of exactly 1,048,576 bytes. */
  readonly exactLimit: 'refuse' | 'accept';
  /** Detail that nests deeper than 1,000: `MalformedDetail` for that entry, or the whole request is refused. */
  readonly deepNesting: 'entry' | 'request';
  /** How long an event is on its way into an archive: up to ten minutes, says AWS. */
  readonly archiveDelayMs: number;
}

export const DEFAULT_GUESSES: BusGuesses = {
  unreachedInputPath: 'null',
  unreachedVariable: '""',
  ageLimit: 'early',
  untypedErrorCode: 'UNKNOWN',
  replayEnd: 'included',
  replayPacing: 'firstTries',
  replayPauseMs: 0,
  exactLimit: 'refuse',
  deepNesting: 'entry',
  archiveDelayMs: 0,
};
