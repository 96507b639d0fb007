import type { ApiUsage, CallKind } from './api-usage.ts';
import type { IngestJobs } from './bulk-jobs.ts';
import { type Answer, basePath, type Call, errorAnswer, methodNotAllowed } from './call.ts';
import type { Engine } from './engine.ts';
import { limitsBody } from './limits.ts';
import { answerIngest } from './rest-bulk-ingest.ts';
import { answerQueryJobs, type QueryJobs } from './rest-bulk-query.ts';
import { answerCollections } from './rest-collections.ts';
import { answerComposite } from './rest-composite.ts';
import { answerDeploy, type Deployments } from './rest-deploy.ts';
import { answerGraph } from './rest-graph.ts';
import { answerQuery, type QueryCursors } from './rest-query.ts';
import { answerSobjects } from './rest-sobjects.ts';
import { answerTree } from './rest-tree.ts';
import { resourceNotFound, SalesforceError } from './salesforce-error.ts';

/** What the REST resources need beside the rows. */
export type RestServices = {
  readonly engine: Engine;
  readonly jobs: IngestJobs;
  readonly queryJobs: QueryJobs;
  readonly deployments: Deployments;
  readonly cursors: QueryCursors;
  readonly api: ApiUsage;
  readonly batches: ApiUsage;
};

/** Which resource a path names; also how API calls are counted. */
export function kindOf(segments: readonly string[]): CallKind {
  const [first = '', second = '', third = ''] = segments.map((part) => part.toLowerCase());
  if (first === 'sobjects') return second === '' || third === 'describe' ? 'describe' : 'sobject';
  if (first === 'composite') {
    if (second === '') return 'composite';
    if (second === 'sobjects') return 'collections';
    if (second === 'graph' || second === 'tree') return second;
    return 'other';
  }
  if (first === 'query' || first === 'queryall' || first === 'tooling') return 'query';
  if (first === 'jobs') return second === 'query' ? 'bulkQuery' : 'bulkIngest';
  if (first === 'limits') return 'limits';
  return first === 'metadata' ? 'metadata' : 'other';
}

/** Answers a request below `/services/data/vNN.0`; its writes are left in the open transaction. Never throws a SalesforceError. */
export function answerRest(services: RestServices, call: Call): Answer {
  try {
    return dispatch(services, call);
  } catch (error) {
    if (!(error instanceof SalesforceError)) throw error;
    services.engine.store.rollbackTo({ rows: 0, events: 0 });
    return errorAnswer(error);
  }
}

function dispatch(services: RestServices, call: Call): Answer {
  const { engine } = services;
  const [first = '', second = ''] = call.segments.map((part) => part.toLowerCase());
  if (call.segments.length === 0) return { status: 200, body: resources(call.version) };
  switch (kindOf(call.segments)) {
    case 'sobject':
    case 'describe':
      return answerSobjects(engine, call);
    case 'composite':
      if (call.method !== 'POST') throw methodNotAllowed(call.method, 'POST');
      return answerComposite(engine, call, (part) => answerPart(services, part));
    case 'collections':
      return answerCollections(engine, call);
    case 'graph':
      if (call.method !== 'POST') throw methodNotAllowed(call.method, 'POST');
      return answerGraph(engine, call, (part) => answerPart(services, part));
    case 'tree':
      return answerTree(engine, call);
    case 'query':
      return answerQuery(engine, services.cursors, call);
    case 'bulkIngest':
      if (second !== 'ingest') throw resourceNotFound();
      return answerIngest(engine, services.jobs, call);
    case 'bulkQuery':
      return answerQueryJobs(engine, services.queryJobs, call);
    case 'metadata':
      return answerDeploy(engine, services.deployments, call);
    case 'limits':
      return answerLimits(services, call);
    default:
      if (first === 'recent' && call.segments.length === 1) return { status: 200, body: [] };
      throw resourceNotFound();
  }
}

/** Inside a composite: single records, collections and queries; nothing that is a composite or a job itself. */
function answerPart(services: RestServices, call: Call): Answer {
  const kind = kindOf(call.segments);
  if (kind === 'sobject' || kind === 'describe') return answerSobjects(services.engine, call);
  if (kind === 'collections') return answerCollections(services.engine, call);
  if (kind === 'query') return answerQuery(services.engine, services.cursors, call);
  if (kind === 'limits') return answerLimits(services, call);
  throw resourceNotFound();
}

/** `/limits`, and `/limits/recordCount?sObjects=A,B`: how many rows, which in Salesforce is a recent estimate. */
function answerLimits(services: RestServices, call: Call): Answer {
  const { engine, api, batches } = services;
  const [, part, ...more] = call.segments;
  if (call.method !== 'GET') throw methodNotAllowed(call.method, 'GET');
  if (part === undefined) return { status: 200, body: limitsBody(api, batches, rowCount(engine)) };
  if (part.toLowerCase() !== 'recordcount' || more.length > 0) throw resourceNotFound();
  const asked = call.query.get('sObjects')?.split(',');
  const objects = engine.schema.objects.filter(
    ({ name, kind }) => kind === 'object' && (asked === undefined || asked.includes(name)),
  );
  return {
    status: 200,
    body: { sObjects: objects.map(({ name }) => ({ count: engine.store.table(name).size, name })) },
  };
}

function rowCount(engine: Engine): number {
  let rows = 0;
  for (const table of engine.store.tables()) rows += table.size;
  return rows;
}

function resources(version: number) {
  const base = basePath(version);
  const names = ['sobjects', 'query', 'queryAll', 'composite', 'limits', 'recent', 'tooling', 'metadata'];
  return {
    ...Object.fromEntries(names.map((name) => [name, `${base}/${name}`])),
    'jobs/ingest': `${base}/jobs/ingest`,
  };
}
