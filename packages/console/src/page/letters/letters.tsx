/** Dead letters by queue and reason, what to do about them, and the way back onto the road. */
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

export function LettersView() {
  const { answer, again } = useAnswer(Letters, 'api/letters');
  const total = answer.state === 'there' ? answer.value.groups.reduce((sum, { count: n }) => sum + n, 0) : null;
  return (
    <div class="letters-view">
      <Title
        title="Dead letters"
        what={total === null ? '…' : total === 0 ? 'None' : `${counted(total, 'letter')} that nobody could deliver`}
      />
      <Waited answer={answer} again={again} what="dead letters" rows={6}>
        {({ letters, groups }) =>
          groups.length === 0 ? (
            <section class="card" aria-label="Dead letters">
              <Empty title="No dead letter">Everything that came was delivered. That is how it should be.</Empty>
            </section>
          ) : (
            groups.map((group) => (
              <Group
                key={`${group.queue} ${group.reason}`}
                group={group}
                letters={letters.filter(({ queue, reason }) => queue === group.queue && reason === group.reason)}
                alone={groups.filter(({ queue }) => queue === group.queue).length === 1}
                again={again}
              />
            ))
          )
        }
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
  const redrive = (ids: readonly string[] | null, what: string): void =>
    confirm({
      title: `Redrive ${what}?`,
      what: `It goes back onto the road and is tried anew. If the reason still holds (${reason}), it comes back here; nothing is written twice.`,
      yes: 'Redrive',
      run: () => void press('api/letters/redrive', ids === null ? { queue } : { queue, ids }).then(again),
    });
  return (
    <section class="card letter-group" aria-label={`${queue}: ${reason}`}>
      <header class="card-head">
        <div class="letter-title">
          <h2>
            <Icon name="alarm" /> {reason}
          </h2>
          <p class="note">
            {counted(many, 'letter')} in <span class="code">{queue}</span>
          </p>
        </div>
        <div class="card-aside">
          <button
            type="button"
            class="button"
            onClick={() =>
              redrive(
                alone ? null : letters.map(({ id }) => id),
                many === 1 ? 'this letter' : `all ${count(many)} letters`,
              )
            }
          >
            {many === 1 ? 'Redrive' : `Redrive all ${count(many)}`}
          </button>
        </div>
      </header>
      {letters[0] === undefined ? null : <p class="remedy">{letters[0].remedy}</p>}
      <div class="table-frame">
        <table class="table stacked letters">
          <caption class="unseen">Letters: {reason}</caption>
          <thead>
            <tr>
              <th scope="col">Event</th>
              <th scope="col">Id</th>
              <th scope="col" class="figure">
                Received
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
            {letters.map((letter) => (
              <tr key={letter.id}>
                <th scope="row">{letter.type === null ? 'not an event' : <EventType type={letter.type} />}</th>
                <td class="code">
                  {letter.eventId === null ? (
                    letter.id
                  ) : (
                    <a href={hashOf({ view: 'event', id: letter.eventId })}>{letter.eventId}</a>
                  )}
                </td>
                <td class="figure">{letter.receives === 1 ? 'once' : `${count(letter.receives)} times`}</td>
                <td class="figure" title={dayAndClock(letter.at)}>
                  {ago(letter.at, now.value)}
                </td>
                <td class="actions">
                  <button
                    type="button"
                    class="button button-small"
                    aria-label={`Redrive ${letter.eventId ?? letter.id}`}
                    onClick={() => redrive([letter.id], 'this letter')}
                  >
                    Redrive
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
