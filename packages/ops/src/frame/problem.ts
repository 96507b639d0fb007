/**
 * What ends a command early, each with the exit code that scripts read.
 *
 *   0    done; nothing is wrong
 *   1    done, and something is wrong: the report says what
 *   2    wrong usage: the command line has to be written otherwise
 *   3    a system could not be reached, does not know what we ask for, or refuses our credentials
 *   4    not confirmed: the question was answered with no, or could not be asked
 *   70   a fault of this program
 *   130  interrupted (Ctrl-C)
 */
export const EXIT = {
  done: 0,
  somethingWrong: 1,
  wrongUsage: 2,
  notReached: 3,
  notConfirmed: 4,
  fault: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The message is for the person who typed the command; it never contains a secret or a person's data. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

/** What the command was given (a file, an event) is not what it takes. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
}

export class NotReached extends Error {
  override readonly name = 'NotReached';
}

export class NotConfirmed extends Error {
  override readonly name = 'NotConfirmed';
}

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export type Problem = { readonly code: string; readonly exit: ExitCode; readonly message: string };

/** Reads any error that a command let through. `code` is one word for scripts. */
export function problemOf(error: unknown): Problem {
  if (error instanceof WrongUsage) return { code: error.name, exit: EXIT.wrongUsage, message: error.message };
  if (error instanceof BadInput) return { code: error.name, exit: EXIT.somethingWrong, message: error.message };
  if (error instanceof NotReached) return { code: error.name, exit: EXIT.notReached, message: error.message };
  if (error instanceof NotConfirmed) return { code: error.name, exit: EXIT.notConfirmed, message: error.message };
  if (error instanceof Error && error.name === 'ExitPromptError') {
    // Ctrl-C at a question, and every question comes before the first change.
    return { code: 'Interrupted', exit: EXIT.interrupted, message: 'interrupted: nothing was changed' };
  }
  if (error instanceof Interrupted) return { code: error.name, exit: EXIT.interrupted, message: error.message };
  const file = fileProblem(error);
  if (file !== null) return { code: 'BadInput', exit: EXIT.somethingWrong, message: file };
  const outside = fromOutside(error);
  if (outside !== null) return { code: 'NotReached', exit: EXIT.notReached, message: outside };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'Fault', exit: EXIT.fault, message: `a fault of this program: ${text}` };
}

/** Node's errors of a file, which name it (nodejs.org/api/errors.html, `path`). */
function fileProblem(error: unknown): string | null {
  if (!(error instanceof Error) || !('path' in error) || typeof error.path !== 'string') return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const why = FILE_CODES.get(code);
  return why === undefined ? null : `${error.path} ${why} (${code})`;
}

const FILE_CODES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'is not there'],
  ['ENOTDIR', 'is below a file, not a folder'],
  ['EISDIR', 'is a folder'],
  ['EACCES', 'may not be read or written by you'],
  ['EPERM', 'may not be read or written by you'],
  ['EROFS', 'is on a disk that cannot be written'],
  ['ENOSPC', 'does not fit: the disk is full'],
]);

/** Errors of the clients of AWS, Salesforce and Stripe by their shape; `null`: none of them. */
function fromOutside(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (OURS.has(error.name)) return error.message;
  if (error.name === 'CredentialsProviderError' || error.name === 'TokenProviderError') {
    return 'AWS: no credentials. Sign in (aws sso login, AWS_PROFILE=…), or use --local for npm start';
  }
  const network = networkCode(error);
  if (network !== null) return `nobody answers at ${addressOf(error)} (${network}): ${nextStep(addressOf(error))}`;
  if ('$metadata' in error) {
    const advice = REFUSED.has(error.name) ? ': the credentials do not allow it, or have expired' : '';
    return `AWS answered ${error.name}${advice}: ${error.message}`;
  }
  return null;
}

/** Named so by packages/functions: the adapters' own failures, whose messages are safe to print. */
const OURS: ReadonlySet<string> = new Set(['RetryLater', 'NeverRetry', 'BudgetWait', 'SalesforceFailure']);

const REFUSED: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'ExpiredTokenException',
  'ExpiredToken',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
]);

const NETWORK = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|EPIPE|UND_ERR_\w+|TimeoutError)$/;

function networkCode(error: Error): string | null {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const code = 'code' in each && typeof each.code === 'string' ? each.code : each.name;
    if (NETWORK.test(code)) return code;
  }
  return null;
}

function nextStep(address: string): string {
  return /^(127\.|::1|localhost)/.test(address)
    ? 'is npm start running, and on this port? --local takes another address'
    : 'is it running, is the address right?';
}

function addressOf(error: Error): string {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ('hostname' in each && typeof each.hostname === 'string') return each.hostname;
    if ('address' in each && typeof each.address === 'string') {
      return 'port' in each ? `${each.address}:${String(each.port)}` : each.address;
    }
  }
  return 'the address';
}
