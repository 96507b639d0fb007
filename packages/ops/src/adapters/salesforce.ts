import { SALESFORCE_API_VERSION } from '@payments/core/api-versions';
import { type Salesforce, salesforce } from '@payments/functions/adapters/salesforce';
import { logIn } from '@payments/functions/adapters/salesforce-login';
import type { SalesforceToken } from '@payments/functions/adapters/token-cache';
import * as v from 'valibot';
import type { Deployment } from '../deployment/deployment.ts';
import { readSecret } from './secrets.ts';

export type Org = {
  readonly request: Salesforce;
  /** Every row of a query, page by page along Salesforce's own locator. */
  readonly query: <Schema extends v.GenericSchema>(
    soql: string,
    row: Schema,
  ) => Promise<readonly v.InferOutput<Schema>[]>;
};

/** One login for the command; the functions' shared token is in Redis, which an operator does not reach. */
export function connectOrg(deployment: Deployment): Org {
  let token: Promise<SalesforceToken> | null = null;
  const login = async () => {
    const fresh = await logIn(await readSecret(deployment, 'SalesforceClient'));
    deployment.conceal(fresh.accessToken);
    return fresh;
  };
  const request = salesforce({
    tokens: {
      current: () => {
        token ??= login();
        return token;
      },
      renewed: () => {
        token = login();
        return token;
      },
    },
    version: SALESFORCE_API_VERSION,
    // The functions see the same header on their next call.
    observe: async () => {},
    timeoutMs: TIMEOUT_MS,
  });
  return {
    request,
    query: async (soql, row) => {
      const rows: unknown[] = [];
      for (let path: string | null = `/query?q=${encodeURIComponent(soql)}`; path !== null; ) {
        const page: v.InferOutput<typeof Page> = v.parse(Page, (await request({ method: 'GET', path })).body);
        rows.push(...page.records);
        path = page.nextRecordsUrl?.replace(/^\/services\/data\/v[\d.]+/, '') ?? null;
      }
      return v.parse(v.array(row), rows);
    },
  };
}

/** Nothing ends an operator's command after a minute, and a backfill uploads a dozen megabytes over whatever line there is. */
const TIMEOUT_MS = 3 * 60_000;

const Page = v.object({ records: v.array(v.unknown()), nextRecordsUrl: v.optional(v.string()) });
