/** Events as rows of one height, each a link to its story. The list of all events draws only those in sight. */
import type { EventLine } from '../../contract.ts';
import { ago, clock, count, dayAndClock, took } from '../figures.ts';
import { now } from '../live.ts';
import { EventType, LaneMark, OutcomeMark } from '../parts/marks.tsx';
import { hashOf } from '../routes.ts';

export function EventTable({
  lines,
  label,
  from = 0,
  total,
  lift = 0,
  height,
}: {
  readonly lines: readonly EventLine[];
  readonly label: string;
  /** Which of all rows the first of `lines` is. */
  readonly from?: number;
  /** How many rows there are, when `lines` is a part of them. */
  readonly total?: number;
  /** Room above the first and for all rows, px. */
  readonly lift?: number;
  readonly height?: number;
}) {
  return (
    <table class="events" aria-label={label} aria-rowcount={total === undefined ? undefined : total + 1}>
      <thead class="events-head">
        <tr class="event-row event-head">
          <th scope="col" class="cell-outcome">
            Outcome
          </th>
          <th scope="col" class="cell-type">
            Event
          </th>
          <th scope="col" class="cell-object">
            Object
          </th>
          <th scope="col" class="cell-lane">
            Lane
          </th>
          <th scope="col" class="cell-took">
            Took
          </th>
          <th scope="col" class="cell-at">
            Received
          </th>
        </tr>
      </thead>
      <tbody
        class="events-body"
        style={height === undefined ? undefined : { height: `${height}px`, paddingTop: `${lift}px` }}
      >
        {lines.map((line, index) => (
          <EventRow key={line.id} line={line} index={total === undefined ? undefined : from + index + 2} />
        ))}
      </tbody>
    </table>
  );
}

function EventRow({ line, index }: { readonly line: EventLine; readonly index: number | undefined }) {
  const { id, type, objectId, outcome, lane, tookMs, receivedAt, deliveries } = line;
  return (
    <tr class="event-row" aria-rowindex={index}>
      <td class="cell-outcome">
        <OutcomeMark outcome={outcome} />
      </td>
      <td class="cell-type">
        <a class="row-link" href={hashOf({ view: 'event', id })}>
          <EventType type={type} />
        </a>
        {deliveries > 1 ? (
          <span class="times" title={`delivered ${count(deliveries)} times`}>
            ×{count(deliveries)}
            <span class="unseen"> deliveries</span>
          </span>
        ) : null}
      </td>
      <td class="cell-object code" title={objectId ?? id}>
        {objectId ?? id}
      </td>
      <td class="cell-lane">
        <LaneMark lane={lane} />
      </td>
      <td class="cell-took figure">{tookMs === null ? '–' : took(tookMs)}</td>
      <td class="cell-at figure" title={dayAndClock(receivedAt)}>
        <Received at={receivedAt} />
      </td>
    </tr>
  );
}

const RECENT_MS = 3_600_000;

function Received({ at }: { readonly at: number }) {
  return <>{now.value - at < RECENT_MS ? ago(at, now.value) : clock(at)}</>;
}
