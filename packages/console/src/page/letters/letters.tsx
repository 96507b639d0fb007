/** Dead letters by queue and reason, what to do about them, and the way back onto the road. */
import { useState } from 'preact/hooks';
import * as v from 'valibot';
import { Letter, LetterGroup } from '../../contract.ts';
import { useAnswer } from '../answers.ts';
import { ago, count, counted, dayAndClock } from '../figures.ts';
import { now } from '../live.ts';
import { Title } from '../parts/card.tsx';
import { confirm } from '../parts/confirm.tsx';
import { Icon } from '../parts/icons.tsx';
import { EventType } from '../parts/marks.tsx';
import { press } from '../parts/said.tsx';
import { Empty, Waited } from '../parts/waiting.tsx';
import { hashOf } from '../routes.ts';

const Letters = v.object({ letters: v.array(Letter), groups: v.array(LetterGroup) });

/** What nobody routes is kept in a queue as well, and is no failure. */
const UNROUTED = 'Unrouted';

/** Letters of one reason that are shown before someone asks for all. */
const SHOWN = 10;
const SHOWN_UNROUTED = 3;

export function LettersView() {
  const { answer, again } = useAnswer(Letters, 'api/letters');
  const groups = answer.state === 'there' ? answer.value.groups : [];
  const many = (unrouted: boolean): number =>
    groups.reduce((sum, group) => sum + ((group.queue === UNROUTED) === unrouted ? group.count : 0), 0);
  return (
    <div class="letters-view">
      <Title
        title="Dead letters"
        what={
          answer.state === 'there'
            ? `${counted(many(false), 'letter')} given up${many(true) === 0 ? '' : `, ${count(many(true))} of types that nobody routes`}`
            : '…'
        }
      />
      <Waited answer={answer} again={again} what="dead letters" rows={6}>
        {({ letters }) => (
          <>
            {many(false) === 0 ? (
              <section class="card letter-group" aria-label="Given up">
                <Empty title="No dead letter">Everything that came was delivered. That is how it should be.</Empty>
              </section>
            ) : null}
            {[...groups]
              .sort((a, b) => Number(a.queue === UNROUTED) - Number(b.queue === UNROUTED))
              .map((group) => (
                <Group
                  key={`${group.queue} ${group.reason}`}
                  group={group}
                  letters={letters.filter(({ queue, reason }) => queue === group.queue && reason === group.reason)}
                  alone={groups.filter(({ queue }) => queue === group.queue).length === 1}
                  again={again}
                />
              ))}
          </>
        )}
      </Waited>
    </div>
  );
}

function Group({
  group,
  letters,
  alone,
  again,
}: {
  readonly group: LetterGroup;
  readonly letters: readonly Letter[];
  /** No other reason in its queue: the whole queue may go. */
  readonly alone: boolean;
  readonly again: () => void;
}) {
  const { queue, reason, count: many } = group;
  const [all, setAll] = useState(false);
  const unrouted = queue === UNROUTED;
  const shown = unrouted ? SHOWN_UNROUTED : SHOWN;
  const redrive = (ids: readonly string[] | null, what: string): void =>
    confirm({
      title: `Redrive ${what}?`,
      what: `It goes back onto the road and is tried anew. If the reason still holds (${reason}), it comes back here; nothing is written twice.`,
      yes: 'Redrive',
      run: () => void press('api/letters/redrive', ids === null ? { queue } : { queue, ids }).then(again),
    });
  // A queue may hold more letters than are listed one by one.
  const within = alone ? many : letters.length;
  const which = within === many ? `all ${count(many)}` : `the newest ${count(within)}`;
  const redriveAll = (): void => {
    const ids = alone ? null : letters.map(({ id }) => id);
    redrive(ids, many === 1 ? 'this letter' : `${which} ${within === 1 ? 'letter' : 'letters'}`);
  };
  return (
    <section class={`card letter-group ${unrouted ? 'letter-unrouted' : ''}`} aria-label={`${queue}: ${reason}`}>
      <header class="card-head">
        <div class="letter-title">
          <h2>
            <Icon name={unrouted ? 'astray' : 'alarm'} /> {reason}
          </h2>
          <p class="note">
            {counted(many, 'letter')} in <span class="code">{queue}</span>
          </p>
        </div>
        <div class="card-aside">
          {within === 0 ? (
            <span class="note">older than what is listed: payments-ops dlq reaches them</span>
          ) : (
            <button type="button" class="button" onClick={redriveAll}>
              {many === 1 ? 'Redrive' : `Redrive ${which}`}
            </button>
          )}
        </div>
      </header>
      {letters[0] === undefined ? null : <p class="remedy">{letters[0].remedy}</p>}
      {letters.length === 0 ? null : (
        <LetterTable
          reason={reason}
          letters={all ? letters : letters.slice(0, shown)}
          redrive={(id) => redrive([id], 'this letter')}
        />
      )}
      {all || letters.length <= shown ? null : (
        <p class="list-end">
          <button type="button" class="button" onClick={() => setAll(true)}>
            Show {letters.length === many ? 'all' : 'the newest'} {count(letters.length)}
          </button>
        </p>
      )}
    </section>
  );
}

function LetterTable({
  reason,
  letters,
  redrive,
}: {
  readonly reason: string;
  readonly letters: readonly Letter[];
  readonly redrive: (id: string) => void;
}) {
  return (
    <div class="table-frame">
      <table class="table stacked letters">
        <caption class="unseen">Letters: {reason}</caption>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Id</th>
            <th scope="col" class="figure">
              Taken
            </th>
            <th scope="col" class="figure">
              Since
            </th>
            <th scope="col">
              <span class="unseen">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {letters.map(({ id, type, eventId, receives, at }) => (
            <tr key={id}>
              <th scope="row">{type === null ? 'not an event' : <EventType type={type} />}</th>
              <td class="code">
                {eventId === null ? id : <a href={hashOf({ view: 'event', id: eventId })}>{eventId}</a>}
              </td>
              <td class="figure">{receives === 0 ? '–' : receives === 1 ? 'once' : `${count(receives)} times`}</td>
              <td class="figure" title={dayAndClock(at)}>
                {ago(at, now.value)}
              </td>
              <td class="actions">
                <button
                  type="button"
                  class="button button-small"
                  aria-label={`Redrive ${eventId ?? id}`}
                  onClick={() => redrive(id)}
                >
                  Redrive
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
