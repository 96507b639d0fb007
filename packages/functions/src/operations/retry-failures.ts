import * as v from 'valibot';
import { chunks } from '../adapters/batches.ts';
import type { Budget } from '../adapters/budget.ts';
import type { LetterBox } from '../adapters/queues.ts';
import type { Salesforce } from '../adapters/salesforce.ts';
import { type EventsWorld, removeDoneNotices, retryEvents } from './retry-events.ts';
import { isOfMessage, type MessagesWorld, retryMessages } from './retry-messages.ts';
import { type RowsWorld, retryRows } from './retry-rows.ts';
import { type Change, idsOf, SyncFailure } from './sync-failure.ts';

/**
 * The story of `RetryFailures`, every five minutes: rows of Sync_Failure__c that somebody in Salesforce has set to Retrying
 * are tried again, and what came of it is written back: Resolved, or Open again with its attempts. Open rows whose cause has
 * passed by itself (redriven by an operator or by the clock, overtaken by a newer state) become Resolved as well, and their
 * dead letters go.
 */
export type RetryWorld = EventsWorld &
  MessagesWorld &
  Omit<RowsWorld, 'save'> & {
    readonly salesforce: Salesforce;
    readonly budget: Pick<Budget, 'acquire'>;
    /** The queue FailedExecutions. */
    readonly failed: LetterBox;
    readonly log: (line: RetryLine) => void;
  };

export type RetryLine =
  | ({ readonly outcome: 'Resolved' | 'Open' } & ReturnType<typeof idsOf>)
  | { readonly outcome: 'looked'; readonly seen: number; readonly changed: number; readonly unsaved: number };

/** In one run; the rest is taken up by the next. What is tried again costs time, what is only looked at hardly any. */
const MOST_RETRIED = 200;
const MOST_LOOKED_AT = 2_000;
/** One collection is one call. */
const ROWS_PER_CALL = 200;

const Page = v.object({ records: v.array(SyncFailure) });

/** Throws BudgetWait while the circuit is open. Without a call left it does nothing: the next run is in five minutes. */
export async function retryFailures(world: RetryWorld): Promise<{ readonly seen: number; readonly changed: number }> {
  if (!(await world.budget.acquire({ lane: 'bulk', calls: 2 })).granted) return { seen: 0, changed: 0 };
  const retrying = await query(`Status__c = 'Retrying' ORDER BY LastModifiedDate LIMIT ${MOST_RETRIED}`, world);
  // An open one is looked at while there is something to know of it: done marks live four days.
  const open = await query(
    `Status__c = 'Open' AND Last_Failed_At__c = LAST_N_DAYS:4 ORDER BY Last_Failed_At__c DESC LIMIT ${MOST_LOOKED_AT}`,
    world,
  );
  const failures = [...retrying, ...open];
  const events = failures.filter(({ Source__c: source }) => source === 'realtime');
  let unsaved = 0;
  const save: RowsWorld['save'] = async (changes) => {
    const saved = await saveAll(changes, world);
    unsaved += changes.size - saved.size;
    return saved;
  };
  const ofEvents = [
    ...(await retryEvents(events, world)),
    ...(await retryMessages(failures.filter(isOfMessage), world)),
  ];
  const told = ofEvents.map(([{ Failure_Key__c: key }, change]) => [key, change] as const);
  const saved = await save(new Map(told));
  const rows = retrying.filter((failure) => failure.Source__c === 'bulk' && !isOfMessage(failure));
  const ofRows = await retryRows(rows, { ...world, save });
  const changes = new Map<string, Change>([...told.filter(([key]) => saved.has(key)), ...ofRows]);
  await removeDoneNotices(world.failed, world.claims);
  for (const failure of failures) {
    const status = changes.get(failure.Failure_Key__c)?.Status__c;
    if (status === 'Resolved' || status === 'Open') world.log({ outcome: status, ...idsOf(failure) });
  }
  if (failures.length > 0) world.log({ outcome: 'looked', seen: failures.length, changed: changes.size, unsaved });
  return { seen: failures.length, changed: changes.size };
}

async function query(where: string, { salesforce }: RetryWorld): Promise<readonly SyncFailure[]> {
  const columns = Object.keys(SyncFailure.entries).join(', ');
  const soql = `SELECT ${columns} FROM Sync_Failure__c WHERE Source__c IN ('realtime', 'bulk') AND ${where}`;
  const { body } = await salesforce({ method: 'GET', path: `/query?q=${encodeURIComponent(soql)}` });
  return v.parse(Page, body).records;
}

const Saved = v.array(v.object({ success: v.boolean() }));

/** Gives the keys that were written. The others, for want of a call or because the org refused them, are found again by the next run. */
async function saveAll(
  changes: ReadonlyMap<string, Change>,
  { salesforce, budget }: Pick<RetryWorld, 'salesforce' | 'budget'>,
): Promise<ReadonlySet<string>> {
  const saved = new Set<string>();
  for (const some of chunks([...changes], ROWS_PER_CALL)) {
    if (!(await budget.acquire({ lane: 'bulk', calls: 1 })).granted) break;
    const records = some.map(([Failure_Key__c, change]) => ({
      attributes: { type: 'Sync_Failure__c' },
      Failure_Key__c,
      ...change,
    }));
    const { body } = await salesforce({
      method: 'PATCH',
      path: '/composite/sobjects/Sync_Failure__c/Failure_Key__c',
      body: { allOrNone: false, records },
    });
    const results = v.parse(Saved, body);
    some.forEach(([key], index) => {
      if (results[index]?.success === true) saved.add(key);
    });
  }
  return saved;
}
