import path from 'node:path';
import { type OrgOptions, type RunningOrg, serveOrg } from './serve-org.ts';

/** What the org's own tests share: an org over the project's real metadata, and a client written by hand. */
export const SCHEMA_DIR = path.resolve(import.meta.dirname, '../../../../salesforce');
export const TOKEN = '00D000000000001EAA!TestToken';
export const V = '/services/data/v66.0';

export const startOrg = (options: Partial<OrgOptions> = {}): Promise<RunningOrg> =>
  serveOrg({ schemaDir: SCHEMA_DIR, fixedTokens: [TOKEN], ...options });

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
};

export async function send(
  running: RunningOrg,
  method: string,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const response = await fetch(`${running.url}${url}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json') === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json && text !== '' ? JSON.parse(text) : text,
  };
}
