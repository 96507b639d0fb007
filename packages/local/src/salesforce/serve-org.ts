import { randomUUID } from 'node:crypto';
import { ApiUsage, type CallKind } from './api-usage.ts';
import { type BulkTiming, IngestJobs } from './bulk-jobs.ts';
import type { Call } from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { loadCustomMetadata } from './custom-metadata.ts';
import type { Engine } from './engine.ts';
import { answerFaultRequest } from './fault-requests.ts';
import { Faults } from './faults.ts';
import { DEFAULT_GUESSES, type OrgGuesses } from './guesses.ts';
import { to18 } from './ids.ts';
import { OAuth } from './oauth.ts';
import { type OrgView, viewOf } from './org-view.ts';
import { persist } from './persistence.ts';
import { answerRest, kindOf, type RestServices } from './rest.ts';
import { QueryJobs } from './rest-bulk-query.ts';
import { Deployments } from './rest-deploy.ts';
import { QueryCursors } from './rest-query.ts';
import { actingAs, loadRights } from './rights.ts';
import { RowLocks } from './row-locks.ts';
import type { Schema } from './schema.ts';
import { loadSchema } from './schema-loader.ts';
import { seedStandardRows } from './seed.ts';
import { orgServer } from './server.ts';
import { answerSoap } from './soap.ts';
import { Store } from './store.ts';
import { type LockTiming, transact } from './transaction.ts';

export type OrgOptions = {
  /** SFDX source: the folder `salesforce/`, or any above its `objects/`. */
  readonly schemaDir: string;
  /** Loopback unless told otherwise. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly clock?: Clock;
  /** For the order of Bulk results; 0 ≤ x < 1. */
  readonly random?: () => number;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly username?: string;
  readonly tokenLifeMs?: number;
  readonly runAsUser?: boolean;
  readonly fixedTokens?: readonly string[];
  readonly jwtPublicKey?: string;
  /** API calls per rolling 24 hours. */
  readonly dailyApiRequests?: number;
  readonly bulk?: Partial<BulkTiming>;
  readonly locks?: Partial<LockTiming>;
  readonly guesses?: Partial<OrgGuesses>;
  /** Rows are kept in this folder and found again at the next start; without it they live as long as the process. */
  readonly dataDir?: string;
  /** Bugs of the org itself; printed by default. */
  readonly report?: (error: unknown) => void;
};

export type RunningOrg = {
  readonly url: string;
  readonly org: OrgView;
  close(): Promise<void>;
};

export const ORG_ID = '00D000000000001EAA';
export const USER_ID = to18('005000000000001');
const DAILY_BULK_BATCHES = 15_000;
/** Of the user that the middleware's app runs as: a session that an app logged in for may do no more. */
const PERMISSION_SET = 'Stripe_Integration_User';
const TWO_HOURS_MS = 7_200_000;
const VERSIONS = { oldest: 31, newest: 68 } as const;

/** Starts a Salesforce org on loopback with the schema of `schemaDir`. Throws when the schema holds what it does not model. */
export async function serveOrg(options: OrgOptions): Promise<RunningOrg> {
  const schema = loadSchema(options.schemaDir);
  const clock = options.clock ?? systemClock;
  const engine = makeEngine(schema, clock, { ...DEFAULT_GUESSES, ...options.guesses });
  const username = options.username ?? 'integration@local.example';
  const persistence = options.dataDir === undefined ? null : persist(engine.store, options.dataDir);
  loadCustomMetadata(engine.store, options.schemaDir);
  seedStandardRows(engine.store, clock, { orgId: ORG_ID, userId: USER_ID, username });
  const locks: LockTiming = { holdMs: 0, waitMs: 10_000, ...options.locks };
  const batches = new ApiUsage(DAILY_BULK_BATCHES, () => clock.now());
  const bulk: BulkTiming = { queueMs: 50, chunkMs: 1, ...options.bulk };
  const services: RestServices = {
    engine,
    jobs: new IngestJobs(engine, bulk, locks, options.random ?? Math.random, batches),
    queryJobs: new QueryJobs(bulk.queueMs),
    deployments: new Deployments(),
    cursors: new QueryCursors(),
    api: new ApiUsage(options.dailyApiRequests ?? 100_000, () => clock.now()),
    batches,
  };
  const oauth = makeOAuth(options, clock, username);
  const rights = loadRights(options.schemaDir, PERMISSION_SET);
  const faults = new Faults();
  const world = { services, oauth, faults };
  const server = orgServer({
    clock,
    oauth,
    faults,
    api: services.api,
    versions: VERSIONS,
    counts: (call) => countsAsCall(engine.guesses, call),
    rest: (call, session, done) => {
      const mine = session === 'app' ? rights : null;
      transact(engine, locks, () => actingAs(engine, mine, () => answerRest(services, call)), done);
    },
    other: (request) =>
      answerFaultRequest(world, request) ?? answerSoap(request.path, request.text, (token) => oauth.isValid(token)),
    report: options.report ?? ((error) => console.error(error)),
  });
  const host = options.host ?? '127.0.0.1';
  const port = await listen(server, host, options.port ?? 0);
  return {
    url: `http://${host}:${port}`,
    org: viewOf(world),
    close: async () => {
      services.jobs.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      persistence?.close();
    },
  };
}

/** An org without its server: what writes need. */
export function makeEngine(schema: Schema, clock: Clock, guesses: OrgGuesses): Engine {
  return {
    schema,
    store: new Store(schema),
    clock,
    userId: USER_ID,
    guesses,
    locks: new RowLocks(() => guesses.lockStatus),
    newUuid: randomUUID,
    refusedRows: new Map(),
    storageLimit: Number.POSITIVE_INFINITY,
    tally: { guardRefused: 0, guardKept: 0, ambiguousContacts: new Set() },
    rights: null,
    dirtyCustomers: new Set(),
  };
}

function makeOAuth(options: OrgOptions, clock: Clock, username: string): OAuth {
  return new OAuth(
    {
      clientId: options.clientId ?? 'local-client',
      clientSecret: options.clientSecret ?? 'local-secret',
      orgId: ORG_ID,
      userId: USER_ID,
      username,
      tokenLifeMs: options.tokenLifeMs ?? TWO_HOURS_MS,
      runAsUser: options.runAsUser ?? true,
      fixedTokens: options.fixedTokens ?? [],
      jwtPublicKey: options.jwtPublicKey ?? null,
    },
    clock,
  );
}

/** Bulk 2.0 requests count one by one, or only the job's creation: Salesforce's documentation says both. */
function countsAsCall(guesses: OrgGuesses, call: Call): boolean {
  const kind: CallKind = kindOf(call.segments);
  if (kind !== 'bulkIngest' && kind !== 'bulkQuery') return true;
  return guesses.bulkCounting === 'everyRequest' || (call.method === 'POST' && call.segments.length === 2);
}

function listen(server: ReturnType<typeof orgServer>, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = `Port ${port} on ${host} is taken. End what uses it, or give the Salesforce org another port.`;
      reject(cause.code === 'EADDRINUSE' ? new Error(taken, { cause }) : cause);
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
