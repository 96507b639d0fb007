/** An answer EventBridge gives instead of a result: AWS's own code, and a message that says what the caller should do. */
export class EventsError extends Error {
  override readonly name = 'EventsError';
  /** For example `ResourceNotFoundException`; `__type` on the wire. */
  readonly code: string;
  /** HTTP status on the wire. */
  readonly status: number;

  constructor(code: string, message: string, options?: ErrorOptions & { status?: number }) {
    super(message, options);
    this.code = code;
    this.status = options?.status ?? 400;
  }
}

export function validation(message: string, options?: ErrorOptions): EventsError {
  return new EventsError('ValidationException', message, options);
}

export function notFound(message: string): EventsError {
  return new EventsError('ResourceNotFoundException', message);
}

export function alreadyExists(message: string): EventsError {
  return new EventsError('ResourceAlreadyExistsException', message);
}

export function limitExceeded(): EventsError {
  return new EventsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
}
