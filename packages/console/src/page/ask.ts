/** One question to the console's server, its answer parsed. */
import * as v from 'valibot';
import { OWN_HEADER, Problem } from '../contract.ts';

/** The server said no, could not be reached, or said what the contract does not know. `message` is for people. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// No page of another origin can send them.
const POST_HEADERS = { 'content-type': 'application/json', [OWN_HEADER]: '1' };

export type Asking = { readonly post?: unknown; readonly signal?: AbortSignal };

/** Throws `Refused`. `post` makes it a POST with that as its JSON body. */
export async function ask<S extends v.GenericSchema>(
  schema: S,
  path: string,
  { post, signal }: Asking = {},
): Promise<v.InferOutput<S>> {
  const answer = await fetch(path, {
    headers: post === undefined ? {} : POST_HEADERS,
    ...(post === undefined ? {} : { method: 'POST', body: JSON.stringify(post) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: unknown) => {
    throw new Refused('unreachable', 'The console’s server does not answer. Is npm start still running?', { cause });
  });
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) {
    const problem = v.safeParse(Problem, body);
    throw problem.success
      ? new Refused(problem.output.error.code, problem.output.error.message)
      : new Refused(`http-${answer.status}`, `The console’s server answered ${answer.status}.`);
  }
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return parsed.output;
  const where = v.getDotPath(parsed.issues[0]) ?? 'the whole';
  throw new Refused(
    'unknown-answer',
    `The server’s answer is not what this page knows (${where}). Build the page again.`,
  );
}

/** Whatever was thrown, as something to show. */
export function refusal(thrown: unknown): Refused {
  return thrown instanceof Refused ? thrown : new Refused('page', 'The page itself failed.', { cause: thrown });
}
