/** A refusal of SQS: the code of the JSON protocol, and that of the query protocol where it is another. */
export class SqsError extends Error {
  readonly code: string;
  readonly queryCode: string;
  constructor(code: string, message: string, queryCode: string = code) {
    super(message);
    this.name = code;
    this.code = code;
    this.queryCode = queryCode;
  }
}

export function queueDoesNotExist(): SqsError {
  const queryCode = 'AWS.SimpleQueueService.NonExistentQueue';
  return new SqsError('QueueDoesNotExist', 'The specified queue does not exist.', queryCode);
}

/** Errors whose name has a prefix in the query protocol (`awsQueryError` in the SDK's model); fauxqs gives it to all of them. */
const PREFIX = 'AWS.SimpleQueueService.';
const PREFIXED = new Set([
  'BatchEntryIdsNotDistinct',
  'BatchRequestTooLong',
  'EmptyBatchRequest',
  'InvalidBatchEntryId',
  'MessageNotInflight',
  'NonExistentQueue',
  'PurgeQueueInProgress',
  'QueueDeletedRecently',
  'TooManyEntriesInBatchRequest',
  'UnsupportedOperation',
]);

export function queryCodeOf(code: string): string {
  const name = code.startsWith(PREFIX) ? code.slice(PREFIX.length) : code;
  return PREFIXED.has(name) ? PREFIX + name : name;
}
