import { writtenColumns } from '@payments/core/written-columns';
import { SalesforceFailure } from '@payments/functions/adapters/salesforce-failure';
import * as v from 'valibot';
import type { Org } from '../adapters/salesforce.ts';
import { type Token, tokenOf } from '../adapters/salesforce-token.ts';
import { readSecret } from '../adapters/secrets.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { bad, type Finding, good, unknown } from './finding.ts';
import { ASSIGN, DEPLOY, DescribeSchema, findingsOf } from './rows.ts';

/** OAuth, scopes, objects and fields, what the integration user may do, and which org this is. */
export async function loginFindings(deployment: Deployment): Promise<readonly Finding[]> {
  const token = await tokenOf(await readSecret(deployment, 'SalesforceClient'));
  deployment.conceal(token.accessToken);
  return [good('salesforce', 'the client credentials log in'), scopeFinding(token)];
}

/** The least and the most that the app should grant: `api`. `scopes` is what the answer to the login tells. Pure. */
export function scopeFinding({ scopes }: Pick<Token, 'scopes'>): Finding {
  if (scopes.length === 0) {
    return unknown(
      'salesforce',
      'the login tells no scope, so nobody knows what it grants',
      `look yourself: ${SCOPES}`,
    );
  }
  const more = scopes.filter((scope) => scope !== 'api');
  if (!scopes.includes('api')) return bad('salesforce', `the app grants ${more.join(', ')} and not api`, SCOPES);
  if (more.length === 0) return good('salesforce', 'the scope is api and no more');
  return bad('salesforce', `the app grants ${more.join(', ')} beside api`, SCOPES);
}

const SCOPES =
  'External Client App Manager, Stripe Middleware, OAuth scopes: leave Manage user data via APIs (api) alone';

export async function rowFindings({ request }: Org): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const object of writtenColumns().keys()) {
    const described = await request({ method: 'GET', path: `/sobjects/${object}/describe` }).catch((error: unknown) => {
      if (error instanceof SalesforceFailure && error.status === 404) return null;
      throw error;
    });
    findings.push(...findingsOf(object, described === null ? null : v.parse(DescribeSchema, described.body)));
  }
  return findings;
}

const AT_LARGE = {
  PermissionsModifyAllData: 'Modify All Data',
  PermissionsViewAllData: 'View All Data',
  PermissionsManageUsers: 'Manage Users',
  PermissionsAuthorApex: 'Author Apex',
  PermissionsCustomizeApplication: 'Customize Application',
} as const;

const LEAST =
  'give the run-as user a minimum-access profile (Salesforce Integration) and the permission set Stripe_Integration_User alone';

export async function rightFindings({ query }: Pick<Org, 'query'>): Promise<readonly Finding[]> {
  const [mine] = await query(
    `SELECT ${Object.keys(AT_LARGE).join(', ')} FROM UserPermissionAccess LIMIT 1`,
    v.record(v.string(), v.unknown()),
  );
  const told = Object.entries(AT_LARGE).map(([name, label]) => ({ label, granted: mine?.[name] }));
  const granted = told.filter((right) => right.granted === true).map(({ label }) => label);
  const untold = told.filter((right) => typeof right.granted !== 'boolean').map(({ label }) => label);
  const findings = [
    ...(granted.length === 0 ? [] : [bad('rights', `the integration user may ${granted.join(', ')}`, LEAST)]),
    ...(untold.length === 0
      ? []
      : [unknown('rights', `the org does not say whether the integration user may ${untold.join(', ')}`, LEAST)]),
  ];
  return findings.length > 0 ? findings : [good('rights', 'the integration user has no rights at large')];
}

const OrgRow = v.object({ Id: v.string(), IsSandbox: v.boolean() });
const ConfigRow = v.object({ Live_Org_ID__c: v.nullable(v.string()) });

/** A sandbox that was refreshed from production must not hear, nor write for, a live Stripe account. */
export async function modeFindings({ query }: Pick<Org, 'query'>, live: boolean): Promise<readonly Finding[]> {
  const [org] = await query('SELECT Id, IsSandbox FROM Organization', OrgRow);
  const [config] = await query(
    `SELECT Live_Org_ID__c FROM Integration_Config__mdt WHERE DeveloperName = 'Default'`,
    ConfigRow,
  );
  if (org === undefined) {
    const mend = 'the integration user must be able to read Organization: look at its profile';
    return [unknown('mode', 'the org does not say which one it is', mend)];
  }
  if (config === undefined) {
    const what =
      'Integration_Config.Default is not there, or hidden: whether the org is bound to live Stripe is not known';
    return [unknown('mode', what, `${DEPLOY}; ${ASSIGN}`)];
  }
  const bound = config.Live_Org_ID__c || null;
  const isBound = bound !== null && bound.slice(0, 15) === org.Id.slice(0, 15);
  if (!live) {
    if (!isBound) return [good('mode', `test events, and the org ${org.Id} is not bound to live Stripe`)];
    return [
      bad(
        'mode',
        `test events are written into ${org.Id}, the org that is bound to live Stripe`,
        'point SalesforceClient at another org (secrets set)',
      ),
    ];
  }
  if (org.IsSandbox) {
    return [
      bad(
        'mode',
        `live events would be written into the sandbox ${org.Id}`,
        'point SalesforceClient at the production org (secrets set)',
      ),
    ];
  }
  if (isBound) return [good('mode', `live events, and the org ${org.Id} is bound to live Stripe`)];
  return [
    bad(
      'mode',
      bound === null ? 'no org is bound to live Stripe' : `${bound} is bound to live Stripe, this is ${org.Id}`,
      `Setup, Custom Metadata Types, Integration Config, Default: set Live Org ID to ${org.Id} when this is the production org`,
    ),
  ];
}
