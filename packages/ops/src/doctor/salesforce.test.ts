import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { Org } from '../adapters/salesforce.ts';
import { modeFindings, rightFindings, scopeFinding } from './salesforce.ts';

const ID = '00D5e000001AbCdEAK';
const ANOTHER = '00D5e000001aBcDEAU';

/** An org that answers each query by the object that it names. */
function org(rows: {
  readonly IsSandbox?: boolean;
  readonly bound?: string | null;
  readonly silent?: boolean;
  /** The org has no configuration, or does not show it. */
  readonly hidden?: boolean;
}) {
  const { IsSandbox = false, bound = null, silent = false, hidden = false } = rows;
  const query: Org['query'] = async (soql, row) => {
    const found = soql.includes('FROM Organization')
      ? silent
        ? []
        : [{ Id: ID, IsSandbox }]
      : hidden
        ? []
        : [{ Live_Org_ID__c: bound }];
    return v.parse(v.array(row), found);
  };
  return { query };
}

describe('modeFindings, which org hears which mode of Stripe', () => {
  it.each([
    ['the bound production org', { bound: ID }],
    ['the bound production org, by the 15 characters of its id', { bound: ID.slice(0, 15) }],
  ])('takes live events in %s', async (_, rows) => {
    expect(await modeFindings(org(rows), true)).toEqual([
      expect.objectContaining({ state: 'good', what: expect.stringContaining('live events') }),
    ]);
  });

  it.each([
    ['a sandbox', { IsSandbox: true }, 'into the sandbox'],
    ['a sandbox that was refreshed with the binding', { IsSandbox: true, bound: ID }, 'into the sandbox'],
    ['an org while none is bound', {}, 'no org is bound'],
    ['an org while the binding is an empty text', { bound: '' }, 'no org is bound'],
    ['an org while another is bound', { bound: ANOTHER }, `${ANOTHER} is bound to live Stripe, this is ${ID}`],
  ])('refuses live events in %s', async (_, rows, words) => {
    expect(await modeFindings(org(rows), true)).toEqual([
      {
        part: 'mode',
        state: 'bad',
        what: expect.stringContaining(words),
        mend: expect.stringMatching(/secrets set|Live Org ID/),
      },
    ]);
  });

  it.each([
    ['a sandbox', { IsSandbox: true }],
    ['an org while none is bound', {}],
    ['an org while another is bound', { bound: ANOTHER }],
  ])('takes test events in %s', async (_, rows) => {
    expect(await modeFindings(org(rows), false)).toEqual([
      expect.objectContaining({ state: 'good', what: expect.stringContaining('not bound') }),
    ]);
  });

  it.each([
    ['the org of live Stripe', { bound: ID }],
    ['the org of live Stripe, by the 15 characters of its id', { bound: ID.slice(0, 15) }],
    ['a sandbox that was refreshed with the binding of its own id', { IsSandbox: true, bound: ID }],
  ])('refuses test events in %s', async (_, rows) => {
    expect(await modeFindings(org(rows), false)).toEqual([
      expect.objectContaining({ state: 'bad', what: expect.stringContaining('bound to live Stripe') }),
    ]);
  });

  it.each([true, false])('does not guess when the org does not say which one it is (live: %s)', async (live) => {
    expect(await modeFindings(org({ silent: true, bound: ID }), live)).toEqual([
      expect.objectContaining({ part: 'mode', state: 'unknown', mend: expect.stringContaining('Organization') }),
    ]);
  });

  it.each([true, false])('does not take a binding that it is not shown for none (live: %s)', async (live) => {
    expect(await modeFindings(org({ hidden: true }), live)).toEqual([
      {
        part: 'mode',
        state: 'unknown',
        what: expect.stringContaining('Integration_Config.Default is not there, or hidden'),
        mend: expect.stringMatching(/sf project deploy start.*permission set/),
      },
    ]);
  });
});

describe('rightFindings', () => {
  const NONE = {
    PermissionsModifyAllData: false,
    PermissionsViewAllData: false,
    PermissionsManageUsers: false,
    PermissionsAuthorApex: false,
    PermissionsCustomizeApplication: false,
  };
  const told = (rows: readonly object[]) => {
    const query: Org['query'] = async (_soql, row) => v.parse(v.array(row), rows);
    return rightFindings({ query });
  };

  it('finds nothing wrong with a user who may do nothing at large', async () => {
    expect(await told([NONE])).toEqual([
      { part: 'rights', state: 'good', what: 'the integration user has no rights at large' },
    ]);
  });

  it.each([
    ['PermissionsModifyAllData', 'Modify All Data'],
    ['PermissionsViewAllData', 'View All Data'],
    ['PermissionsManageUsers', 'Manage Users'],
    ['PermissionsAuthorApex', 'Author Apex'],
    ['PermissionsCustomizeApplication', 'Customize Application'],
  ])('finds the right %s, and says who it should be instead', async (name, label) => {
    expect(await told([{ ...NONE, [name]: true }])).toEqual([
      {
        part: 'rights',
        state: 'bad',
        what: `the integration user may ${label}`,
        mend: expect.stringContaining('Stripe_Integration_User alone'),
      },
    ]);
  });

  it.each([
    ['tells nothing', []],
    ['leaves all of them out', [{}]],
    ['leaves one out', [{ ...NONE, PermissionsAuthorApex: null }]],
  ])('does not call a user harmless of whom the org %s', async (_, rows) => {
    expect(await told(rows)).toEqual([
      expect.objectContaining({
        part: 'rights',
        state: 'unknown',
        what: expect.stringMatching(/does not say whether the integration user may .*Author Apex/),
      }),
    ]);
  });
});

describe('scopeFinding', () => {
  it.each([
    [['api'], 'good', 'api and no more'],
    [['api', 'full'], 'bad', 'grants full beside api'],
    [['api', 'full', 'refresh_token'], 'bad', 'grants full, refresh_token beside api'],
    [['id'], 'bad', 'grants id and not api'],
    [[], 'unknown', 'tells no scope'],
  ])('of %j is %s', (scopes, state, words) => {
    expect(scopeFinding({ scopes })).toMatchObject({ state, what: expect.stringContaining(words) });
  });
});
