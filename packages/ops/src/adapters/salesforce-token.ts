import * as v from 'valibot';
import { NotReached } from '../frame/problem.ts';

/** The answer of the token endpoint with what the functions have no use for: the scopes. */
export type Token = { readonly accessToken: string; readonly scopes: readonly string[]; readonly instanceUrl: string };

const TIMEOUT_MS = 15_000;
const Answer = v.object({ access_token: v.string(), instance_url: v.string(), scope: v.optional(v.string(), '') });
const Refusal = v.object({ error: v.pipe(v.string(), v.regex(/^\w{1,60}$/)) });

/** OAuth 2.0 client credentials. Throws NotReached with OAuth's own word; its description may quote the request. */
export async function tokenOf(client: {
  readonly loginUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}): Promise<Token> {
  const response = await fetch(`${client.loginUrl.replace(/\/$/, '')}/services/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.clientSecret,
    }),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body: unknown = await response.json().catch(() => null);
  const said = v.safeParse(Answer, body);
  if (!response.ok || !said.success) {
    const refusal = v.safeParse(Refusal, body);
    const code = refusal.success ? refusal.output.error : `HTTP ${response.status}`;
    throw new NotReached(
      `the login to Salesforce failed (${code}): secrets rotate SalesforceClient, or the External Client App's run-as user`,
    );
  }
  const { access_token, instance_url, scope } = said.output;
  return {
    accessToken: access_token,
    instanceUrl: instance_url,
    scopes: scope.split(' ').filter((each) => each !== ''),
  };
}

/** The clock of a server, by the `Date` of any answer, in ms since 1970; `null`: it does not say. */
export async function clockOf(url: string): Promise<number | null> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
  await response.body?.cancel();
  const at = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(at) ? null : at;
}
