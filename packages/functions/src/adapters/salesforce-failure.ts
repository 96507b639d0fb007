/**
 * Salesforce refused a request, or did not answer. Its own text is kept apart, for the failure table to read: it may
 * quote a person's data ("data value too large: …"), so it is in no message, in no enumerable property, in no log.
 */
export class SalesforceFailure extends Error {
  override readonly name = 'SalesforceFailure';
  /** 0: no answer came. */
  readonly status: number;
  /** Salesforce's errorCode, `ERROR_HTTP_503` for an answer that is not JSON, or the network's code. */
  readonly errorCode: string;
  readonly #text: string;

  constructor(failure: {
    readonly what: string;
    readonly status: number;
    readonly errorCode: string;
    readonly text: string;
  }) {
    super(
      `Salesforce: ${failure.errorCode} (${failure.status === 0 ? 'no answer' : failure.status}) to ${failure.what}`,
    );
    this.status = failure.status;
    this.errorCode = failure.errorCode;
    this.#text = failure.text;
  }

  /** For classification only. */
  get text(): string {
    return this.#text;
  }
}
