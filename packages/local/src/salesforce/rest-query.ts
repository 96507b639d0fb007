import { type Answer, basePath, type Call, methodNotAllowed, noContent } from './call.ts';
import type { Engine } from './engine.ts';
import { idAt } from './ids.ts';
import { columnMetadata } from './query-columns.ts';
import { SalesforceError } from './salesforce-error.ts';
import { parseSoql, type Query } from './soql/parse.ts';
import type { Scope } from './soql/resolve.ts';
import { type Outcome, runQuery } from './soql/run.ts';

const PAGE = 2000;
const SMALLEST_PAGE = 200;
const KEPT_CURSORS = 50;

type Cursor = { readonly records: readonly Record<string, unknown>[]; readonly page: number };

/** Results that are still being fetched page by page; the oldest make room, as a user has only so many. */
export class QueryCursors {
  readonly #cursors = new Map<string, Cursor>();
  #sequence = 1;

  open(records: readonly Record<string, unknown>[], page: number): string {
    const id = idAt('0r8', this.#sequence++);
    this.#cursors.set(id, { records, page });
    const [oldest] = this.#cursors.keys();
    if (this.#cursors.size > KEPT_CURSORS && oldest !== undefined) this.#cursors.delete(oldest);
    return id;
  }

  find(id: string): Cursor | undefined {
    return this.#cursors.get(id);
  }

  close(id: string): void {
    this.#cursors.delete(id);
  }
}

/** `/query`, `/queryAll` and `/tooling/query`, first page and further ones. */
export function answerQuery(engine: Engine, cursors: QueryCursors, call: Call): Answer {
  const [first = '', second = '', third = ''] = call.segments;
  const tooling = first.toLowerCase() === 'tooling';
  const resource = tooling ? second : first;
  const locator = tooling ? third : second;
  if (call.method !== 'GET' && !(locator !== '' && call.method === 'DELETE'))
    throw methodNotAllowed(call.method, 'GET');
  if (locator !== '') return nextPage(cursors, call, resource, locator);
  const soql = call.query.get('q');
  if (soql === null) throw new SalesforceError(400, 'MALFORMED_QUERY', 'A query string has to be specified');
  const { outcome, query } = runSoql(engine, soql, call.version, resource.toLowerCase() === 'queryall');
  if (call.query.get('columns') === 'true') {
    return { status: 200, body: columnMetadata(engine.schema, outcome.object, query) };
  }
  const { records, totalSize } = outcome.result;
  const page = pageSize(call.headers['sforce-query-options']);
  if (records.length <= page) return { status: 200, body: { totalSize, done: true, records } };
  const id = cursors.open(records, page);
  const nextRecordsUrl = `${basePath(call.version)}/${resource}/${id}-${page}`;
  return { status: 200, body: { totalSize, done: false, nextRecordsUrl, records: records.slice(0, page) } };
}

/** Parses and runs; throws {@link SalesforceError} as `/query` answers it. */
export function runSoql(
  engine: Engine,
  soql: string,
  version: number,
  withDeleted: boolean,
): { readonly outcome: Outcome; readonly query: Query } {
  const scope: Scope = { soql, schema: engine.schema, store: engine.store, now: engine.clock.now() };
  const query = parseSoql(soql);
  return { outcome: runQuery(scope, query, { base: basePath(version), withDeleted }), query };
}

function pageSize(header: string | undefined): number {
  const wanted = Number(/batchSize\s*=\s*(\d+)/i.exec(header ?? '')?.[1] ?? PAGE);
  return Math.min(PAGE, Math.max(SMALLEST_PAGE, wanted));
}

const noSuchLocator = () => new SalesforceError(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');

function nextPage(cursors: QueryCursors, call: Call, resource: string, locator: string): Answer {
  const [, id = '', offsetText = ''] = /^(\w+)-(\d+)$/.exec(locator) ?? [];
  const cursor = cursors.find(id);
  if (cursor === undefined) throw noSuchLocator();
  if (call.method === 'DELETE') {
    cursors.close(id);
    return noContent;
  }
  const offset = Number(offsetText);
  if (offset >= cursor.records.length) throw noSuchLocator();
  const end = offset + cursor.page;
  const done = end >= cursor.records.length;
  const records = cursor.records.slice(offset, end);
  const body = { totalSize: cursor.records.length, done, records };
  if (done) return { status: 200, body };
  return { status: 200, body: { ...body, nextRecordsUrl: `${basePath(call.version)}/${resource}/${id}-${end}` } };
}
