/** One event's story: what was told of it, the machine that took it, the rows that it touched, and the event itself. */
import type { EventStory } from '@payments/console/contract';
import { routeOf } from '@payments/core/routes';
import { MACHINE_NAMES } from '@payments/ops/deployment/places';
import * as v from 'valibot';
import type { Machine } from '../machine.ts';
import type { Execution } from '../states/machines.ts';
import type { EventLedger, LedgerEvent } from './event-ledger.ts';
import { machineStates } from './machine-states.ts';
import { objectOf, parentsOf, plansOf } from './salesforce-rows.ts';

/** `null`: the ledger does not know it (any more). */
export function storyOf(id: string, ledger: Pick<EventLedger, 'event'>, machine: Machine): EventStory | null {
  const found = ledger.event(id);
  if (found === null) return null;
  const { steps, executionName, rows, rowsWritten, ...event } = found;
  return {
    event,
    body: bodyOf(found, machine),
    steps: [...steps],
    machine: machineOf(found, machine),
    ...rowsOf({ rows, rowsWritten }, machine.org.org),
  };
}

/**
 * A settled urgent event says how many rows its call had and names the one that it is about. The others are its parents and the
 * plans of its items, when there are just as many; else they are counted as `unnamed`.
 */
export function rowsOf(
  { rows, rowsWritten }: Pick<LedgerEvent, 'rows' | 'rowsWritten'>,
  org: Parameters<typeof parentsOf>[0],
): Pick<EventStory, 'rows' | 'unnamed'> {
  const named = rows.map(({ object, key, id, what }) => ({
    ...{ object: object ?? objectOf(org, id ?? '') ?? '', key, id, what },
  }));
  const missing = Math.max(0, (rowsWritten ?? 0) - named.length);
  const known = new Set(named.map(({ id }) => id));
  const beside = (look: typeof parentsOf, what: string) =>
    named
      .flatMap(({ object, id }) => (id === null ? [] : look(org, object, id)))
      .flatMap(({ object, id, key }) => (known.has(id) ? [] : { object, id, key: key ?? id, what }));
  const [parents, plans] = [beside(parentsOf, 'its parent'), beside(plansOf, 'its plan')];
  const others = [[...parents, ...plans], plans, parents].find((some) => some.length === missing);
  return others === undefined ? { rows: named, unnamed: missing } : { rows: [...named, ...others], unnamed: 0 };
}

function machineOf(event: LedgerEvent, { road, graph }: Machine): EventStory['machine'] {
  const name = MACHINE_NAMES[routeOf(event.type)?.machine ?? 'payments'];
  const config = graph.machines.find((each) => each.name === `${graph.app}-${graph.stage}-${name}`);
  if (event.executionName === null || config === undefined) return null;
  const arn = `${config.arn.replace(':stateMachine:', ':execution:')}:${event.executionName}`;
  const execution = executionAt(arn, road.machines);
  if (execution === null) return null;
  return {
    ...{ name, executionName: execution.name, status: execution.status, cause: execution.cause },
    ...machineStates(config.definition, execution.history),
  };
}

/** Executions that ended long ago are forgotten. */
function executionAt(arn: string, machines: Machine['road']['machines']): Execution | null {
  try {
    return machines.execution(arn);
  } catch {
    return null;
  }
}

const Published = v.pipe(v.string(), v.parseJson(), v.object({ detail: v.object({ event: v.looseObject({}) }) }));

/** As the account keeps it, or as it came through the bus when somebody else sent it. */
function bodyOf({ id, receivedAt }: LedgerEvent, { account, road, graph }: Machine): unknown {
  const place = account.books.eventPlaces.get(id);
  if (place !== undefined) return account.events()[place] ?? null;
  for (const { name } of graph.archives) {
    const around = road.bus.archives.between(name, receivedAt - AROUND_MS, receivedAt + AROUND_MS) ?? [];
    const kept = around.find(({ text }) => text.includes(`"${id}"`));
    const parsed = kept === undefined ? null : v.safeParse(Published, kept.text);
    if (parsed?.success) return parsed.output.detail.event;
  }
  return null;
}

/** An event's time on the bus is when the ingress received it. */
const AROUND_MS = 60_000;
