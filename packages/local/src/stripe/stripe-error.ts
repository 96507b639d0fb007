import type { Json, JsonObject } from '@payments/core/event';

type Details = {
  /** `invalid_request_error` by default. */
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
  /** Further keys of the error, like `payment_intent` or `decline_code`. */
  readonly more?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A refusal as Stripe words it. `began` tells whether work began: only then is the answer kept for its idempotency key. */
export class StripeError extends Error {
  override readonly name = 'StripeError';
  readonly status: number;
  readonly body: JsonObject;
  readonly began: boolean;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, details: Details = {}, began = true) {
    super(message);
    this.status = status;
    this.began = began;
    this.headers = details.headers ?? {};
    const { code, param, type = 'invalid_request_error', more = {} } = details;
    const error: Record<string, Json> = { ...more };
    if (code !== undefined) {
      error.code = code;
      error.doc_url = `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;
    }
    error.message = message;
    if (param !== undefined) error.param = param;
    error.type = type;
    this.body = { error };
  }
}

/** 404 for the object in the path, 400 for one that a parameter names. */
export function noSuch(noun: string, id: string, param: string, status: 400 | 404 = 400): StripeError {
  return new StripeError(status, `No such ${noun}: '${id}'`, { code: 'resource_missing', param });
}

/** A combination of parameters that makes no sense, found once work began. */
export function refused(message: string, param?: string, code?: string): StripeError {
  return new StripeError(400, message, {
    ...(param === undefined ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  });
}

export function unknownUrl(method: string, path: string): StripeError {
  return new StripeError(
    404,
    `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
    {},
    false,
  );
}
