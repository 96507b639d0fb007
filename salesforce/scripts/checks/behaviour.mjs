// The guard and the trigger of Contacts, run here as they are written: the org's own tests of them need an org. The cases are
// those of the middleware: two promises are kept in Apex alone, that no stale write stands, and that nothing echoes.
import { Row, apexRuntime } from './apex-run.mjs';

/** @returns {string[]} one line per case that comes out otherwise */
export function checkBehaviour(project) {
  return [...behaviour(project)].flatMap(([name, wrong]) => (wrong === null ? [] : `${name}: ${wrong}`));
}

/** @returns {Map<string, string | null>} each case, and what is wrong with it */
export function behaviour(project) {
  const found = new Map();
  const read = (name) => JSON.parse(project.text(project.files.find((file) => file.endsWith(`/staticresources/${name}.json`))));
  const expect = (what, ask, expected) => {
    try {
      const [was, should] = [ask(), expected].map((each) => JSON.stringify(withoutNull(each)));
      found.set(what, was === should ? found.get(what) ?? null : `${was} instead of ${should}`);
    } catch (error) {
      found.set(what, error.message);
    }
  };
  const cases = read('Freshness_Cases');
  ruleJudges(project, cases, expect);
  for (const [object, owner] of ownersIn(project)) for (const each of cases) guardJudges(project, each, object, owner, expect);
  guardLeavesAlone(project, expect);
  markIsReadBack(project, expect);
  for (const each of read('Contact_Changes_Cases')) contactIsTold(project, each, expect);
  partialSaveAsksAgain(project, expect);
  manyCustomersAreSplit(project, expect);
  return found;
}

/** A field that was never set and one that is null are the same in Apex; the order of fields says nothing. */
function withoutNull(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null).sort());
}

function ruleJudges(project, cases, expect) {
  const apex = apexRuntime(project);
  for (const { name, stored, incoming, changes, guard } of cases)
    expect(`FreshnessRule, ${name}`, () => apex.call('FreshnessRule', 'judge', stored, incoming, changes).constant.toLowerCase(), guard);
}

/** [object, { version, columns }], as OwnedColumns says. */
function ownersIn(project) {
  const apex = apexRuntime(project);
  return ['Stripe_Customer__c', 'Stripe_Subscription__c', 'Payment_Transaction__c', 'Pricing_Plan__c'].flatMap((object) =>
    apex.call('OwnedColumns', 'of', apex.typeToken(object)).map(({ fields }) => [
      object,
      {
        version: fields.get('versionField').field,
        columns: fields.get('columns').map(({ field }) => field),
      },
    ]),
  );
}

const OTHER = { Stripe_Write__c: null, Refused_Write__c: 'evt_before' };

/**
 * What is stored after a write. `old` is what the transaction began with, which is what is stored unless another write came
 * between; a trigger's new row is the old one with what was sent.
 */
function afterUpdate(project, object, old, sent, stored = old) {
  const locked = { locked: (_type, ids) => new Map([...ids].map((id) => [id, new Row(object, { Id: id, ...stored })])) };
  const apex = apexRuntime(project, { StoredRows: locked, IntegrationLog: { belongsTo: () => null, info: () => null } });
  const row = new Row(object, { Id: 'a01', ...old, ...sent });
  apex.call('FreshnessGuard', 'beforeUpdate', [row], new Map([['a01', new Row(object, { Id: 'a01', ...old })]]));
  return row.fields;
}

function guardJudges(project, { name, stored, incoming, changes, guard }, object, { version, columns }, expect) {
  const stands = guard === 'apply';
  for (const column of columns) {
    const before = { ...OTHER, [version]: stored, [column]: 'before' };
    const sent = { [version]: incoming, [column]: changes ? 'after' : 'before', Stripe_Write__c: 'evt_1;;corr' };
    expect(
      `FreshnessGuard, ${name}`,
      () => ({ object, ...afterUpdate(project, object, before, sent) }),
      {
        ...{ object, Id: 'a01', Stripe_Write__c: null, Refused_Write__c: guard === 'refuse' ? 'evt_1' : null },
        ...{ [version]: stands ? incoming : stored, [column]: stands && changes ? 'after' : 'before' },
      },
    );
  }
}

const SECOND = 170000000050;

function guardLeavesAlone(project, expect) {
  const object = 'Payment_Transaction__c';
  const payment = { Stripe_Version__c: SECOND, Status__c: 'processing', Charge_Version__c: SECOND, Amount_Refunded__c: 1, ...OTHER };
  const told = (what, sent, expected, stored) =>
    expect(`FreshnessGuard, ${what}`, () => afterUpdate(project, object, payment, sent, stored), { Id: 'a01', ...payment, ...expected });
  const mark = 'evt_1;;corr';

  told("a user's edit", { Status__c: 'canceled', Stripe_Version__c: 1 }, { Status__c: 'canceled', Stripe_Version__c: 1 });
  told(
    'each owner by its own version',
    { Status__c: 'canceled', Stripe_Version__c: SECOND - 100, Amount_Refunded__c: 5, Charge_Version__c: SECOND + 100, Stripe_Write__c: mark },
    { Amount_Refunded__c: 5, Charge_Version__c: SECOND + 100, Refused_Write__c: 'evt_1' },
  );
  // The other write came after this transaction had begun: what this one does not speak of stays as that one left it.
  const newer = { Status__c: 'succeeded', Stripe_Version__c: SECOND + 100, Stripe_Write__c: mark };
  const charged = { Amount_Refunded__c: 3, Charge_Version__c: SECOND + 300 };
  told('what another write stored meanwhile', newer, { ...newer, ...charged, Stripe_Write__c: null, Refused_Write__c: null }, { ...payment, ...charged });
  // The row is judged by what is stored, not by what it was when the transaction began.
  const late = { Status__c: 'succeeded', Stripe_Version__c: SECOND + 200 };
  told('a newer state that came meanwhile', newer, { ...late, Refused_Write__c: 'evt_1' }, { ...payment, ...late });
  const sent = { Status__c: 'Processing', Stripe_Version__c: SECOND, Stripe_Write__c: mark };
  told('another case of letters is a change', sent, { Refused_Write__c: 'evt_1' });

  const apex = apexRuntime(project, { IntegrationLog: { belongsTo: () => null } });
  const row = new Row(object, { Stripe_Version__c: SECOND, Stripe_Write__c: mark, Refused_Write__c: 'x' });
  const inserted = () => {
    apex.call('FreshnessGuard', 'beforeInsert', [row]);
    return row.fields;
  };
  expect('FreshnessGuard, a new row', inserted, { Stripe_Version__c: SECOND, Stripe_Write__c: null, Refused_Write__c: null });
}

function markIsReadBack(project, expect) {
  const apex = apexRuntime(project);
  const parse = (text) => {
    const { fields } = apex.call('StripeWriteMark', 'parse', text);
    return [fields.get('writeId'), [...fields.get('fetchedOwners')].sort(), fields.get('correlationId')];
  };
  expect('StripeWriteMark, whole', () => parse('evt_1;invoice,session;corr;with;semicolons'), ['evt_1', ['invoice', 'session'], 'corr;with;semicolons']);
  expect('StripeWriteMark, cut short', () => parse('evt_1'), ['evt_1', [], '']);
}

/** Saves a Contact and gives the body of the request that follows; null when nothing does. */
function toldAfter(project, before, after, syncsContacts) {
  const offered = [];
  const apex = apexRuntime(project, {
    IntegrationConfig: { syncsContacts: () => syncsContacts },
    StripeRequests: {
      createCustomer: (person) => apexRuntime(project).call('StripeCustomerService', 'creation', person),
      offer: (requests) => void offered.push(...requests),
      offerChanges: (_people, changesOf) => void offered.push(...changesOf.values()),
      customersArrived: () => null,
    },
  });
  const row = new Row('Contact', { Id: '003', ...after });
  if (before === null) apex.callNew('ContactTriggerHandler', 'afterInsert', [row]);
  else apex.callNew('ContactTriggerHandler', 'afterUpdate', [row], new Map([['003', new Row('Contact', { Id: '003', ...before })]]));
  if (offered.length > 1) throw new Error(`${offered.length} calls for one Contact`);
  return offered.length === 0 ? null : offered.map((form) => [...form.fields.get('keys').entries()].map(([index, key]) => [key, form.fields.get('values')[index]]))[0];
}

function contactIsTold(project, { name, before, after, sends }, expect) {
  const contactId = before === null ? [['metadata[sf_contact_id]', '003']] : [];
  const expected = sends === null ? null : [...Object.entries(sends), ...contactId];
  expect(`ContactTriggerHandler, ${name}`, () => toldAfter(project, before, after, true), expected);
  expect('ContactTriggerHandler, switched off', () => toldAfter(project, before, after, false), null);
}

/**
 * A save that may succeed in part is rolled back when a row fails, jobs and events of its triggers too, and is made again with
 * the others. Limits are set back; static variables, and so the runtime here, stay.
 */
function partialSaveAsksAgain(project, expect) {
  const transaction = { statements: 0, jobs: 0 };
  let standing = [];
  const apex = apexRuntime(project, {
    Limits: {
      getDmlStatements: () => transaction.statements,
      getQueueableJobs: () => transaction.jobs,
      getLimitQueueableJobs: () => 50,
    },
    System: {
      enqueueJob: ({ fields }) => {
        transaction.jobs += 1;
        standing.push([...fields.get('customerIds')].sort());
      },
    },
    EventBus: {
      publish: (events) => {
        transaction.statements += 1;
        standing.push(...events.map(({ fields }) => fields.Kind__c));
        return [];
      },
    },
  });
  const subscriptions = (...customers) => customers.map((id) => new Row('Stripe_Subscription__c', { Status__c: 'active', Stripe_Customer__c: id }));
  const trigger = (...customers) => apex.call('CustomerStatus', 'subscriptionsChanged', subscriptions(...customers), null);
  const rollBack = () => {
    Object.assign(transaction, { statements: 0, jobs: 0 });
    standing = [];
  };
  const asked = (what, ask, expected) => {
    rollBack();
    expect(what, () => {
      ask();
      return standing;
    }, expected);
  };
  asked('CustomerStatus, each customer once in a transaction', () => (trigger('c1', 'c2'), trigger('c2', 'c3')), [['c1', 'c2'], ['c3']]);
  asked('CustomerStatus, a save that is made again', () => (trigger('c4', 'c5'), rollBack(), trigger('c5')), [['c5']]);
  const announce = () => apex.call('StripeWork', 'requestsWaiting');
  asked('StripeWork, once in a transaction', () => (announce(), announce()), ['requests']);
  asked('StripeWork, a save that is made again', () => (announce(), rollBack(), announce(), announce()), ['requests']);
}

function manyCustomersAreSplit(project, expect) {
  const left = [];
  const apex = apexRuntime(project, { StripeWork: { statusDue: (ids, attempt) => void left.push([ids.size, attempt]) } });
  const ids = (count) => new Set(Array.from({ length: count }, (_, i) => `c${i}`));
  const computed = (count) => [apex.call('CustomerStatus', 'firstOf', ids(count), 3).size, ...left.splice(0)];
  expect('CustomerStatus, as many as one transaction reads', () => computed(1000), [1000]);
  expect('CustomerStatus, more than that', () => computed(2500), [1000, [1500, 3]]);
}
