import type { JsonObject } from '@payments/core/event';
import * as v from 'valibot';
import type { StripeAccount } from './account.ts';
import type { Books } from './books.ts';
import type { Form } from './form.ts';
import { checkParameters, list, text, unknownParameters } from './parameters.ts';
import { StripeError } from './stripe-error.ts';

/** What an endpoint may look at besides its parameters. */
export type Call = {
  readonly account: StripeAccount;
  readonly books: Books;
  /** What stands for `:id` in the path, in order; '' where the path has none. */
  readonly id: string;
  /** The `Stripe-Version` that was sent; null: the account's own. */
  readonly version: string | null;
};

export type Endpoint = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `customers/:id`, without `/v1/`. Rate limits count by it. */
  readonly path: string;
  /** Checks the parameters (throws a StripeError that says so) and returns the work itself. */
  prepare(call: Call, form: Form): () => JsonObject;
};

const EXPAND = v.strictObject({ expand: v.optional(list(text())) });

/** The parameters beside `expand`, which every endpoint takes. */
export function withoutExpand({ expand, ...rest }: Form): Form {
  checkParameters(EXPAND, expand === undefined ? {} : { expand });
  return rest;
}

/** An endpoint whose parameters are listed; `expand` is always one. */
export function endpoint<const E extends v.ObjectEntries>(
  method: Endpoint['method'],
  path: string,
  entries: E,
  run: (call: Call, parameters: v.InferOutput<v.StrictObjectSchema<E, undefined>>) => JsonObject,
): Endpoint {
  const schema = v.strictObject(entries);
  return {
    method,
    path,
    prepare: (call, form) => {
      const rest = withoutExpand(form);
      const unknown = Object.keys(rest).filter((name) => !Object.hasOwn(entries, name));
      if (unknown.length > 0) throw unknownParameters(unknown);
      const parameters = checkParameters(schema, rest);
      return () => run(call, parameters);
    },
  };
}

/**
 * `older` for calls of versions before `version`. A call without a Stripe-Version may be of any age, as the CLI's
 * fixtures are: what either takes is taken, unless the account's switch says otherwise.
 */
export function byVersion(version: string, older: Endpoint, newer: Endpoint): Endpoint {
  return {
    ...newer,
    prepare: (call, form) => {
      if (call.version !== null) return (call.version < version ? older : newer).prepare(call, form);
      try {
        return newer.prepare(call, form);
      } catch (error) {
        const taken = call.books.guesses.removedParameters === 'takenWithoutVersion';
        if (error instanceof StripeError && taken) return older.prepare(call, form);
        throw error;
      }
    },
  };
}

/** The version that removed `payment_method_types`. */
export const ENDIVE = '2026-09-30';

export type Match = { readonly endpoint: Endpoint; readonly id: string };

/** The endpoint of a path without `/v1/`; a literal segment wins over `:id`. */
export function findEndpoint(endpoints: readonly Endpoint[], method: string, path: string): Match | undefined {
  const segments = path.split('/');
  let best: Match | undefined;
  for (const candidate of endpoints) {
    if (candidate.method !== method) continue;
    const pattern = candidate.path.split('/');
    if (pattern.length !== segments.length) continue;
    if (!pattern.every((part, at) => part === ':id' || part === segments[at])) continue;
    const id = segments[pattern.indexOf(':id')] ?? '';
    if (best === undefined || !candidate.path.includes(':id')) best = { endpoint: candidate, id };
  }
  return best;
}
