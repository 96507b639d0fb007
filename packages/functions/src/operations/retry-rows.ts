import type { Count } from '@payments/core/metrics';
import { WRITE_ORDER } from '@payments/core/record';
import type { Buffer } from '../adapters/buffer.ts';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { Letter, LetterBox } from '../adapters/queues.ts';
import { subjectsOf } from '../bulk/judged.ts';
import { type ParkedLetter, triesOf } from '../bulk/parked-letter.ts';
import { recordFrom } from '../bulk/row.ts';
import { type GivenUpRow, gathered } from './gathered.ts';
import { withLetters } from './letters.ts';
import { type PutBackWorld, putBack } from './put-back.ts';
import { type Change, openAgain, RESOLVED, type SyncFailure } from './sync-failure.ts';

export type RowsWorld = PutBackWorld & {
  /** Writes to Sync_Failure__c rows by Failure_Key__c. Gives the keys of those that Salesforce took. */
  readonly save: (changes: ReadonlyMap<string, Change>) => Promise<ReadonlySet<string>>;
  /** The queue BulkParked. */
  readonly parked: LetterBox;
  readonly buffer: Pick<Buffer, 'put' | 'holds'>;
  readonly freshness: Pick<FreshnessStore, 'known'>;
  readonly nowMs: () => number;
  readonly count: Count;
};

/** Another reader of the queue hides its letters for a minute; a row that several runs in a row did not find is gone. */
const SOUGHT_MS = 20 * 60_000;

/**
 * Rows of the bulk lane that are to be tried again go back into the buffer; Settle resolves their failures with them. Letters
 * that Salesforce has overtaken meanwhile are let go, and so are those of which a newer letter says the same, each once its rows
 * are Resolved there: a run that ends in between, or a row that Salesforce does not take, leaves the letter to the next run.
 * Gives what was written, by Failure_Key__c.
 */
export async function retryRows(
  failures: readonly SyncFailure[],
  world: RowsWorld,
): Promise<ReadonlyMap<string, Change>> {
  const changes = new Map<string, Change>();
  const sought = new Map(failures.map((failure) => [failure.Failure_Key__c, failure]));
  const found = new Set<string>();
  const saved = new Set<string>();
  await withLetters(world.parked, async (letters, done) => {
    const gone: { readonly letter: Letter; readonly keys: readonly string[] }[] = [];
    const unsettled = new Set<string>();
    for (const row of gathered(letters)) {
      const wanted = row.parked.failures.flatMap((key) => sought.get(key) ?? []);
      for (const { Failure_Key__c: key } of wanted) found.add(key);
      const verdict = await verdictOf(row, wanted, world);
      const goes = { overtaken: row.letters, stays: row.letters.slice(1), back: [], later: [] }[verdict.kind];
      gone.push(...goes.map((letter) => ({ letter, keys: row.parked.failures })));
      if (verdict.kind === 'overtaken') continue;
      for (const key of verdict.kind === 'stays' ? row.newest.failures : row.parked.failures) unsettled.add(key);
      if (verdict.kind === 'back') for (const letter of row.letters) await done(letter);
      if (verdict.kind !== 'stays' || verdict.change === null) continue;
      for (const { Failure_Key__c: key } of wanted) if (unsettled.has(key)) changes.set(key, verdict.change);
    }
    const settled = gone.map(({ letter, keys }) => ({ letter, keys: keys.filter((key) => !unsettled.has(key)) }));
    for (const key of settled.flatMap(({ keys }) => keys)) changes.set(key, RESOLVED);
    for (const key of await world.save(changes)) saved.add(key);
    for (const { letter, keys } of settled) if (keys.every((key) => saved.has(key))) await done(letter);
  });
  const lost = new Map<string, Change>();
  for (const [key, failure] of sought) {
    if (!found.has(key) && (await isLost(failure, world))) {
      lost.set(key, openAgain({ Message__c: 'The row is not kept any more: replay the event.' }));
    }
  }
  for (const key of await world.save(lost)) saved.add(key);
  return new Map([...changes, ...lost].filter(([key]) => saved.has(key)));
}

type Verdict =
  | { readonly kind: 'overtaken' | 'back' }
  /** Nothing can be said before the next run. */
  | { readonly kind: 'later' }
  | { readonly kind: 'stays'; readonly change: Change | null };

async function verdictOf({ parked }: GivenUpRow, wanted: readonly SyncFailure[], world: RowsWorld): Promise<Verdict> {
  if (await isOvertaken(parked, world)) return { kind: 'overtaken' };
  if (wanted.length === 0) return { kind: 'stays', change: null };
  // Given up after somebody wanted it tried again: that was this try.
  if (wanted.every(({ LastModifiedDate: since }) => parked.parkedAt > since)) {
    return { kind: 'stays', change: openAgain({ Attempts__c: triesOf(parked.row) }) };
  }
  const [outcome] = await putBack([parked], world);
  if (outcome === 'unreadable') {
    return { kind: 'stays', change: openAgain({ Message__c: 'The row cannot be read: replay the event.' }) };
  }
  if (outcome !== 'back') return { kind: 'later' };
  world.count('Redriven', 1);
  return { kind: 'back' };
}

/** Salesforce has a newer state of every owner in the row: nothing of it would be written. */
async function isOvertaken({ object, row }: ParkedLetter, { freshness }: RowsWorld): Promise<boolean> {
  const record = recordFrom(object, row);
  const versions = subjectsOf(record).map((subject) => ({
    subject,
    version: record.owners[subject.owner]?.version ?? 0,
  }));
  const said = versions.filter(({ version }) => version > 0);
  if (said.length === 0) return false;
  const known = await freshness.known(said.map(({ subject }) => subject));
  return said.every(({ version }, index) => (known[index]?.version ?? 0) > version);
}

/** Neither in the queue nor in the buffer, for long enough that nobody else can have it in hand. */
async function isLost(failure: SyncFailure, { buffer, nowMs }: RowsWorld): Promise<boolean> {
  if (nowMs() - failure.LastModifiedDate < SOUGHT_MS) return false;
  for (const object of WRITE_ORDER) {
    if (await buffer.holds(object, failure.Stripe_Object_ID__c)) return false;
  }
  return true;
}
