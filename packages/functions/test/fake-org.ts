import { guard } from '@payments/core/freshness';
import { EXTERNAL_ID_FIELD, ownersOf, parseWriteMark, type SObjectName } from '@payments/core/record';
import type { Salesforce, SalesforceRequest } from '../src/adapters/salesforce.ts';
import { SalesforceFailure } from '../src/adapters/salesforce-failure.ts';
import { parseCsv } from '../src/bulk/job-results.ts';

/**
 * A Salesforce org as a function, for the tests of the flush: collections, Bulk API 2.0, composite, the query of refused
 * rows, parents that have to exist, and the guard. The whole org on loopback is packages/local's.
 */
type Row = Record<string, unknown> & { Id: string };
type Refusal = { readonly code: string; readonly message: string };
type Result = { readonly id: string | null; readonly created: boolean; readonly refusal: Refusal | null };
type Job = { readonly object: SObjectName; state: string; csv: string; error: string; results: [string[], Result][] };

export type FakeOrg = {
  readonly salesforce: Salesforce;
  readonly requests: SalesforceRequest[];
  /** Ids of jobs → their state as the org tells it; a test may set it. */
  readonly jobs: Map<string, Job>;
  /** What the next requests meet instead of an answer. */
  fault: (request: SalesforceRequest) => SalesforceFailure | null;
  /** What a row meets, by its key and what is sent of it. */
  rowFault: (object: string, key: string, sent: Readonly<Record<string, unknown>>) => Refusal | null;
  /** Polls until a closed job is complete. */
  pollsToComplete: number;
  readonly rows: (object: string) => readonly Row[];
  readonly row: (object: string, externalId: string) => Row | undefined;
  readonly insert: (object: string, row: Record<string, unknown>) => Row;
  readonly accounts: () => { readonly audits: readonly Row[]; readonly failures: readonly Row[] };
};

export function failure(status: number, errorCode: string, text = 'text of Salesforce'): SalesforceFailure {
  return new SalesforceFailure({ what: 'a test', status, errorCode, text });
}

const KEYS: Readonly<Record<string, string>> = {
  ...EXTERNAL_ID_FIELD,
  Sync_Batch__c: 'Batch_Key__c',
  Sync_Failure__c: 'Failure_Key__c',
};

export function fakeOrg(): FakeOrg {
  const tables = new Map<string, Row[]>();
  const table = (object: string) => {
    const rows = tables.get(object) ?? [];
    tables.set(object, rows);
    return rows;
  };
  let ids = 0;
  const newId = (prefix: string) => {
    ids += 1;
    return `${prefix}${String(ids).padStart(12, '0')}AAA`;
  };
  const jobs = new Map<string, Job>();
  const requests: SalesforceRequest[] = [];
  const keyOf = (object: string) => KEYS[object] ?? '';
  const byKey = new Map<string, Row>();
  const find = (object: string, externalId: unknown) => byKey.get(`${object} ${String(externalId)}`);
  const index = (object: string, row: Row) => byKey.set(`${object} ${String(row[keyOf(object)])}`, row);
  const insert = (object: string, fields: Record<string, unknown>) => {
    const row: Row = { ...fields, Id: newId('a00') };
    table(object).push(row);
    index(object, row);
    return row;
  };

  const org: FakeOrg = {
    requests,
    jobs,
    fault: () => null,
    rowFault: () => null,
    pollsToComplete: 0,
    rows: table,
    row: find,
    insert,
    accounts: () => ({ audits: table('Sync_Batch__c'), failures: table('Sync_Failure__c') }),
    salesforce: async (request) => {
      requests.push(request);
      const fault = org.fault(request);
      if (fault !== null) throw fault;
      return { status: 200, body: answer(request) };
    },
  };

  function save(object: string, sent: Record<string, unknown>): Result {
    const { attributes: _attributes, Id, ...columns } = sent;
    const key = String(columns[keyOf(object)] ?? Id);
    const refusal = org.rowFault(object, key, columns);
    if (refusal !== null) return { id: null, created: false, refusal };
    for (const [name, value] of Object.entries(columns)) {
      const parent = typeof value === 'object' && value !== null ? Object.entries(value)[0] : undefined;
      if (parent === undefined) continue;
      const [keyField, externalId] = parent;
      const parentObject = Object.keys(KEYS).find((each) => KEYS[each] === keyField) ?? '';
      const found = find(parentObject, externalId);
      if (found === undefined) {
        const message = `Foreign key external ID: ${String(externalId)} not found for field ${keyField} in entity ${parentObject}`;
        return { id: null, created: false, refusal: { code: 'INVALID_FIELD', message } };
      }
      delete columns[name];
      columns[name.replace('__r', '__c')] = found.Id;
    }
    const byId = typeof Id === 'string';
    const row = byId ? table(object).find((each) => each.Id === Id) : find(object, columns[keyOf(object)]);
    if (row === undefined) {
      if (byId) return { id: null, created: false, refusal: { code: 'NOT_FOUND', message: 'no such row' } };
      const { Stripe_Write__c: _mark, ...stored } = columns;
      return { id: insert(object, stored).Id, created: true, refusal: null };
    }
    update(object, row, columns);
    return { id: row.Id, created: false, refusal: null };
  }

  function update(object: string, row: Row, columns: Record<string, unknown>): void {
    const mark = parseWriteMark(String(columns.Stripe_Write__c ?? ''));
    delete columns.Stripe_Write__c;
    let refused = false;
    const name = Object.keys(EXTERNAL_ID_FIELD).includes(object) ? sobject(object) : null;
    for (const { versionField, columns: owned } of name === null ? [] : ownersOf(name).values()) {
      const version = columns[versionField];
      if (version === undefined) continue;
      const stored = row[versionField];
      const verdict = guard(typeof stored === 'number' ? stored : null, {
        version: Number(version),
        changes: owned.some((column) => column in columns && (row[column] ?? null) !== columns[column]),
      });
      if (verdict === 'apply') continue;
      if (verdict === 'refuse') refused = true;
      for (const column of [versionField, ...owned]) delete columns[column];
    }
    Object.assign(row, columns, name === null ? {} : { Refused_Write__c: refused ? mark.writeId : null });
    index(object, row);
  }

  function collection(object: string | null, body: unknown): unknown {
    const { records, allOrNone } = objectOf(body);
    if (!Array.isArray(records)) throw failure(400, 'JSON_PARSER_ERROR');
    if (records.length > 200) throw failure(400, 'EXCEEDED_ID_LIMIT');
    const keys = records.map((record) => objectOf(record)[keyOf(object ?? '')]).filter((key) => key !== undefined);
    if (new Set(keys).size < keys.length) throw failure(400, 'DUPLICATE_VALUE');
    const refused = (record: unknown) => {
      const { attributes, Id, ...columns } = objectOf(record);
      const name = object ?? String(objectOf(attributes).type);
      return org.rowFault(name, String(columns[keyOf(name)] ?? Id), columns);
    };
    if (allOrNone === true && records.some((record) => refused(record) !== null)) {
      const rolledBack = { code: 'ALL_OR_NONE_OPERATION_ROLLED_BACK', message: 'another row failed' };
      return records.map((record) => {
        const { code: statusCode, message } = refused(record) ?? rolledBack;
        return { success: false, errors: [{ statusCode, message, fields: [] }] };
      });
    }
    return records.map((record) => {
      const sent = objectOf(record);
      const { id, created, refusal } = save(object ?? String(objectOf(sent.attributes).type), sent);
      if (refusal === null) return { id, success: true, errors: [], created };
      return { success: false, errors: [{ statusCode: refusal.code, message: refusal.message, fields: [] }] };
    });
  }

  function answer({ method, path, body }: SalesforceRequest): unknown {
    const [, first = '', second = '', third = '', fourth = ''] = path.split(/[/?]/);
    if (first === 'composite' && second === '') return composite(body);
    if (first === 'composite') return collection(third === '' ? null : third, body);
    if (first === 'query') return query(decodeURIComponent(path.split('q=')[1] ?? ''));
    if (first !== 'jobs') throw failure(404, 'NOT_FOUND');
    if (method === 'POST') {
      const id = newId('750');
      jobs.set(id, { object: sobject(String(objectOf(body).object)), state: 'Open', csv: '', error: '', results: [] });
      return { id, state: 'Open' };
    }
    const job = jobs.get(third);
    if (job === undefined) throw failure(404, 'NOT_FOUND');
    return jobAnswer(job, method, fourth, body);
  }

  function jobAnswer(job: Job, method: string, what: string, body: unknown): unknown {
    if (method === 'PUT') {
      job.csv = String(body);
      return null;
    }
    if (method === 'PATCH') {
      job.state = String(objectOf(body).state);
      return { state: job.state };
    }
    if (what === '') {
      if (job.state === 'UploadComplete') {
        org.pollsToComplete -= 1;
        if (org.pollsToComplete < 0) run(job);
      }
      return { id: 'x', state: job.state, errorMessage: job.error };
    }
    return resultFile(job, what);
  }

  function run(job: Job): void {
    const [header = [], ...lines] = parseCsv(job.csv);
    job.results = lines.map((cells) => {
      const sent: Record<string, unknown> = {};
      header.forEach((column, index) => {
        const cell = cells[index] ?? '';
        if (cell === '') return;
        const value = cell === '#N/A' ? null : /_Version__c$/.test(column) ? Number(cell) : cell;
        const [relation = '', keyField] = column.split('.');
        sent[relation] = keyField === undefined ? value : { [keyField]: value };
      });
      return [cells.map(String), save(job.object, sent)];
    });
    job.state = 'JobComplete';
  }

  /** In another order than uploaded, as the org does. */
  function resultFile(job: Job, which: string): string {
    const [header = [], ...lines] = parseCsv(job.csv);
    const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
    const file = (names: readonly string[], rows: readonly (readonly string[])[]) =>
      [[...names.map(quote), ...header].join(','), ...rows.map((row) => row.map(quote).join(','))].join('\n');
    const results = [...job.results].reverse();
    if (which === 'successfulResults') {
      const rows = results.filter(([, { refusal }]) => refusal === null);
      return file(
        ['sf__Id', 'sf__Created'],
        rows.map(([cells, { id, created }]) => [id ?? '', String(created), ...cells]),
      );
    }
    if (which === 'failedResults') {
      const rows = results.flatMap(([cells, { refusal }]) =>
        refusal === null ? [] : [['', `${refusal.code}:${refusal.message}:--`, ...cells]],
      );
      return file(['sf__Id', 'sf__Error'], rows);
    }
    return file([], job.state === 'JobComplete' ? [] : lines);
  }

  function query(soql: string): unknown {
    const [, named = '', ids = ''] = /FROM (\w+) WHERE Id IN \(([^)]*)\)/.exec(soql) ?? [];
    if (ids !== '') {
      const rows = table(named).filter(({ Id }) => ids.includes(`'${Id}'`));
      return { totalSize: rows.length, done: true, records: rows };
    }
    const [, object = '', batch] = /FROM (\w+) WHERE Refused_Write__c = '([^']*)'/.exec(soql) ?? [];
    const found = table(object).filter((row) => row.Refused_Write__c === batch);
    return { totalSize: found.length, done: true, records: found };
  }

  function composite(body: unknown): unknown {
    const { compositeRequest } = objectOf(body);
    if (!Array.isArray(compositeRequest)) throw failure(400, 'JSON_PARSER_ERROR');
    const compositeResponse = compositeRequest.map((each) => {
      const part = objectOf(each);
      const path = String(part.url).replace('/services/data/v66.0', '');
      const [, kind = '', object = '', keyField = '', key = ''] = path.split('/');
      const said =
        kind === 'sobjects'
          ? save(object, { ...objectOf(part.body), [keyField]: decodeURIComponent(key) })
          : collection(keyField, part.body);
      return { body: said, httpHeaders: {}, httpStatusCode: 200, referenceId: part.referenceId };
    });
    return { compositeResponse };
  }

  return org;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function sobject(name: string): SObjectName {
  const known: readonly SObjectName[] = [
    'Stripe_Customer__c',
    'Stripe_Subscription__c',
    'Payment_Transaction__c',
    'Pricing_Plan__c',
    'Pricing_Tier__c',
  ];
  const found = known.find((each) => each === name);
  if (found === undefined) throw failure(404, 'NOT_FOUND');
  return found;
}
