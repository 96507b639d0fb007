/** Behaviours of the real org that nobody has proven, as switches, so that both readings can be tested. */
export type OrgGuesses = {
  /** A decimal with more places than the field's scale. */
  readonly beyondScale: 'round' | 'reject';
  /** Whether leading and trailing blanks of text are dropped on save. */
  readonly trimText: boolean;
  /** `null` for a checkbox: refused, as Apex refuses it (salesforce.stackexchange.com/q/127548), or taken as false. */
  readonly nullCheckbox: 'reject' | 'false';
  /** `Account__c` and `Account__r` in one record. */
  readonly parentTwice: 'reject' | 'linkWins';
  /** HTTP status of UNABLE_TO_LOCK_ROW on a single record: 500 was recorded in production, others answer 400. */
  readonly lockStatus: 400 | 500;
  /** How the value in "Foreign key external ID: … not found" is echoed. */
  readonly foreignKeyEcho: 'asSent' | 'lowerCase';
  /** A non-reparentable master named again, unchanged, in an update. */
  readonly sameMaster: 'accept' | 'reject';
  /** An unknown object when a Bulk job is created. */
  readonly bulkUnknownObject: 'INVALIDENTITY' | 'INVALIDJOB';
  /** Whether every Bulk request counts as an API call, or only the job's creation. */
  readonly bulkCounting: 'everyRequest' | 'jobOnly';
  /** A wrong column or type in one record of a collections call: the whole request fails, or that row. */
  readonly collectionInput: 'request' | 'row';
  /**
   * Errors whose text nobody recorded ({@link guessedWords}): likely words, or none, so that whoever reads words
   * instead of codes fails.
   */
  readonly words: 'likely' | 'withheld';
};

export const DEFAULT_GUESSES: OrgGuesses = {
  beyondScale: 'round',
  trimText: false,
  nullCheckbox: 'reject',
  parentTwice: 'reject',
  lockStatus: 500,
  foreignKeyEcho: 'asSent',
  sameMaster: 'accept',
  bulkUnknownObject: 'INVALIDENTITY',
  bulkCounting: 'everyRequest',
  collectionInput: 'request',
  words: 'likely',
};

/** The message of an error whose code is known and whose words are not. */
export function guessedWords({ words }: Pick<OrgGuesses, 'words'>, text: string): string {
  return words === 'likely' ? text : 'Nobody recorded the words of this error.';
}
