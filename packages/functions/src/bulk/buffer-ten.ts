import { keyOf } from '@payments/core/batch';
import { RetryLater } from '@payments/core/failure';
import type { Count } from '@payments/core/metrics';
import type { SalesforceRecord, SObjectName } from '@payments/core/record';
import type { Buffer, PutOutcome } from '../adapters/buffer.ts';
import type { Claims } from '../adapters/claims.ts';
import type { FreshnessStore } from '../adapters/freshness-store.ts';
import { isReplayed } from '../realtime/machine-input.ts';
import { judged } from './judged.ts';
import { type Failed, lineOf, type MessageLine, type Parsed } from './queue-message.ts';
import { incomingFrom } from './row.ts';
import type { Statement } from './statement.ts';

/** Messages that come again. */
const REFUSED: Partial<Readonly<Record<PutOutcome, () => RetryLater>>> = {
  broken: () =>
    new RetryLater('the buffer cannot read the row that follows from it', { code: 'UNREADABLE_ROW', category: 'Data' }),
  late: () =>
    new RetryLater('a replay would not bring it again if Redis were lost now: wait until the status covers it', {
      code: 'NOT_COVERED',
      category: 'Network',
    }),
};

export type BufferTenWorld = {
  readonly freshness: Pick<FreshnessStore, 'known'>;
  readonly buffer: Pick<Buffer, 'put'>;
  readonly claims: Pick<Claims, 'done'>;
  readonly log: (line: MessageLine & { readonly outcome: Handled; readonly rows: number }) => void;
  readonly count: Count;
};

type Handled = 'buffered' | 'nothing' | 'dropped';

export type Work = Parsed & {
  readonly statement: Statement;
  /** Nobody can break its tie: the greater event id wins. */
  readonly settle: boolean;
};

/** One call per object. Gives the messages that tied: their objects have to be read in a later second. */
export async function bufferTen(
  works: readonly Work[],
  world: BufferTenWorld,
  grown: Map<SObjectName, number>,
  failures: Failed[],
): Promise<readonly Work[]> {
  const verdicts = await judged(
    works.map(({ statement }) => statement),
    world.freshness,
  );
  const ties = new Set<Work>();
  const overtaken = new Set<Work>();
  const byObject = new Map<SObjectName, { work: Work; key: string; incoming: ReturnType<typeof incomingFrom> }[]>();
  works.forEach((work, index) => {
    const verdict = verdicts[index];
    if (verdict === undefined) return;
    if (verdict.tie && !work.settle) {
      ties.add(work);
      return;
    }
    // What Salesforce has is newer than all that it says, or it says nothing. A stub is not what it says.
    if (verdict.records.every(isStub)) overtaken.add(work);
    const { event, records, source } = { ...work.statement, records: verdict.records };
    for (const record of records) {
      const incoming = incomingFrom(record, {
        eventId: event.id,
        atSecond: source.fetchedAt ?? event.created,
        receivedAt: Date.parse(work.event.detail.receivedAt),
        fetched: source.fetchedAt !== null,
        correlationId: work.event.detail.correlationId,
        settle: work.settle,
      });
      const list = byObject.get(record.object) ?? [];
      list.push({ work, key: keyOf(record), incoming });
      byObject.set(record.object, list);
    }
  });
  const stored = new Map<Work, number>();
  const refused = new Set<Work>();
  for (const [object, rows] of byObject) {
    const { outcomes, waiting } = await world.buffer.put(object, rows);
    grown.set(object, waiting);
    rows.forEach(({ work }, index) => {
      const outcome: PutOutcome = outcomes[index] ?? 'broken';
      if (outcome === 'tie') ties.add(work);
      if (outcome === 'stored') stored.set(work, (stored.get(work) ?? 0) + 1);
      const error = REFUSED[outcome];
      if (error === undefined || refused.has(work)) return;
      refused.add(work);
      failures.push({ message: work.message, event: work.event, error: error() });
    });
  }
  const handled = works.filter((work) => !refused.has(work) && (work.settle || !ties.has(work)));
  // The others are done with the rows that they are in, or that are newer (adapters/buffer.lua.ts).
  const ended = handled.filter((work) => overtaken.has(work));
  await Promise.all(ended.map(({ event }) => world.claims.done(event.detail.event.id)));
  for (const work of handled) {
    const rows = stored.get(work) ?? 0;
    const outcome = rows > 0 ? 'buffered' : work.statement.records.length === 0 ? 'nothing' : 'dropped';
    world.log({ outcome, ...lineOf(work.message, work.event), rows });
    countHandled(work, outcome, world);
  }
  return [...ties].filter((work) => !refused.has(work) && !work.settle);
}

function isStub({ owners }: SalesforceRecord): boolean {
  const said = Object.values(owners);
  return said.length > 0 && said.every(({ version }) => version === 0);
}

function countHandled({ event }: Work, Outcome: Handled, { count }: BufferTenWorld): void {
  count('Tries', 1, { Lane: 'bulk', EventType: event.detail.event.type });
  count('EventsHandled', 1, { Lane: 'bulk', Outcome });
  if (Outcome === 'dropped') count('StaleWritesRefused', 1, { Lane: 'bulk', By: 'redis' });
  if (isReplayed(event)) count('Replayed', 1, { Lane: 'bulk' });
}
