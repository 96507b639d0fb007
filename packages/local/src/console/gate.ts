import { OWN_HEADER } from '@payments/console/contract';

/**
 * Who may speak to the console: this machine's own browser on the console's own page, and programs on this machine. No
 * page of another origin may drive it, by a form, a script, a picture or a name that it points at 127.0.0.1. Pure.
 */

export type Caller = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
};

export type Refusal = { readonly status: number; readonly code: string; readonly message: string };

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST']);

/** Why a request is not answered; `null`: it may be. `port`: ours. */
export function refusalOf({ method, path, headers }: Caller, port: number): Refusal | null {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin } = headers;
  const site = headers['sec-fetch-site'];
  // A name of another's, made to point here (DNS rebinding), shows in Host.
  if (typeof host !== 'string' || !own.includes(host)) {
    return { status: 403, code: 'WrongHost', message: `The console answers at http://${own[0]} only.` };
  }
  if (origin !== undefined && !own.some((each) => origin === `http://${each}`)) {
    return { status: 403, code: 'WrongOrigin', message: 'Another page may not use the console.' };
  }
  if (!METHODS.has(method)) {
    return { status: 405, code: 'MethodNotAllowed', message: `${method.slice(0, 20)} is not answered here.` };
  }
  // A link from elsewhere may open the page; nothing elsewhere may read or order anything.
  if (isApi(path) && site !== undefined && site !== 'same-origin' && site !== 'none') {
    return { status: 403, code: 'WrongSite', message: 'Another page may not use the console.' };
  }
  if (method === 'POST' && headers[OWN_HEADER] !== '1') {
    return { status: 403, code: 'NotFromThePage', message: `An order carries the header ${OWN_HEADER}: 1.` };
  }
  return null;
}

export function isApi(path: string): boolean {
  return path === '/api' || path.startsWith('/api/');
}

/** On every answer. The page brings everything along, so it needs nothing from anywhere else. */
export const SAFE_HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;
