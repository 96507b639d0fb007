import { mergeRecords, onlyOwners } from '@payments/core/batch';
import { ParentWait } from '@payments/core/failure';
import { type Owner, ownersOf, type SalesforceRecord } from '@payments/core/record';
import type { Buffer } from '../adapters/buffer.ts';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import type { Missing, Orphans } from '../adapters/orphans.ts';
import { fullParent } from './full-parent.ts';
import type { StepInput } from './machine-input.ts';
import type { PlannerWorld } from './planned.ts';
import { releaseChildren } from './release-children.ts';
import { waitForParents } from './wait-for-parents.ts';
import { ParentRefused, type Written } from './write.ts';

export type FamilyWorld = PlannerWorld & {
  readonly orphans: Orphans;
  readonly freshness: Pick<FreshnessStore, 'known'>;
  readonly buffer: Pick<Buffer, 'wake'>;
  readonly nowMs: () => number;
};

/** While it waits, the parent's own event may go by another road (a person makes the row), so all is tried now and then. */
export const TRY_ALL_EVERY_MS = 5 * 60_000;

/** Throws ParentWait while the event's parent is known to be missing: no call is spent on asking again so soon. */
export async function notAnOrphan(input: StepInput, world: FamilyWorld): Promise<void> {
  const eventId = input.event.detail.event.id;
  const [waiting = null] = await world.orphans.waiting([{ kind: 'event', eventId }]);
  if (waiting !== null && world.nowMs() - waiting.triedAt < TRY_ALL_EVERY_MS) throw waits(eventId, waiting);
}

/**
 * Writes children with their parents. Where the org does not take an empty parent it may take the real one, so that is read
 * from Stripe. When that is refused as well, the event waits in the parking set: its execution looks from time to time, and
 * whatever brings the parent lets it go on. Throws ParentWait then.
 */
export async function writeFamily(
  records: readonly SalesforceRecord[],
  input: StepInput,
  write: (records: readonly SalesforceRecord[]) => Promise<Written>,
  world: FamilyWorld,
): Promise<Written> {
  const { event } = input.event.detail;
  const written = await tried(() => write(records));
  if (!(written instanceof ParentRefused)) return released(records, written, world);
  // Of the row that the event is about, as it really is: the plans of its items make it no parent to wait for.
  const throwOwn = ({ failure, parent }: ParentRefused): void => {
    if (failure !== null && records.some((record) => isRow(record, parent) && tellsOfItself(record))) throw failure;
  };
  throwOwn(written);

  const full = await fullParent(written.parent, event, world);
  let refused = written;
  if (full !== null) {
    const withReal = inPlaceOf(written.parent, full, records);
    const again = await tried(() => write(withReal));
    if (!(again instanceof ParentRefused)) return released(withReal, again, world);
    throwOwn(again);
    refused = again;
  }
  const { parent, code } = refused;
  // If the parent has come meanwhile, the next look does not wait.
  await waitForParents([{ child: { kind: 'event', eventId: event.id }, parent, code }], world);
  throw waits(event.id, { parent: parent.externalId, code });
}

async function tried(write: () => Promise<Written>): Promise<Written | ParentRefused> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ParentRefused) return error;
    throw error;
  }
}

async function released(records: readonly SalesforceRecord[], written: Written, world: FamilyWorld): Promise<Written> {
  const there = records.flatMap(({ externalId }) => (externalId === null ? [] : [externalId]));
  await releaseChildren(there, world);
  return written;
}

type Named = Pick<SalesforceRecord, 'object' | 'externalId'>;

function isRow(record: Named, { object, externalId }: Named): boolean {
  return record.object === object && record.externalId === externalId;
}

function speaks(record: SalesforceRecord, owner: Owner): boolean {
  return (record.owners[owner]?.version ?? 0) > 0;
}

/** Not only what others say of it: the first owner of a kind of rows is the Stripe object that the row stands for. */
function tellsOfItself(record: SalesforceRecord): boolean {
  const [own] = ownersOf(record.object).keys();
  return own !== undefined && speaks(record, own);
}

/** The real parent where its empty row was, or before everything, with what the event itself says of it; none of its own parents twice. */
function inPlaceOf(
  parent: Named,
  full: readonly SalesforceRecord[],
  records: readonly SalesforceRecord[],
): readonly SalesforceRecord[] {
  const nameOf = (record: SalesforceRecord) => `${record.object} ${record.externalId ?? record.rowId}`;
  const found = records.findIndex((record) => isRow(record, parent));
  const given = records[found];
  const rest = records.filter((record) => !isRow(record, parent));
  const known = new Set(rest.map(nameOf));
  const real = full
    .filter((record) => !known.has(nameOf(record)))
    .map((record) => (given !== undefined && isRow(record, parent) ? withWhatIsSaid(given, record) : record));
  const at = Math.max(0, found);
  return [...rest.slice(0, at), ...real, ...rest.slice(at)];
}

function withWhatIsSaid(given: SalesforceRecord, real: SalesforceRecord): SalesforceRecord {
  const said = onlyOwners(given, new Set([...ownersOf(given.object).keys()].filter((owner) => speaks(given, owner))));
  return said === null ? real : mergeRecords(said, real);
}

function waits(eventId: string, { parent, code }: Missing): ParentWait {
  return new ParentWait(`${eventId} waits for ${parent}, which Salesforce does not take: ${code}`, {
    code: 'PARENT_MISSING',
    category: 'Data',
  });
}
