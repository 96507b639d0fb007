/** One row of the org: its columns, and the events that wrote it. */
import { RowDetail } from '../../contract.ts';
import { useAnswer } from '../answers.ts';
import { EventTable } from '../events/table.tsx';
import { counted, dayAndClock } from '../figures.ts';
import { Card } from '../parts/card.tsx';
import { Icon } from '../parts/icons.tsx';
import { Empty, Waited } from '../parts/waiting.tsx';
import { hashOf } from '../routes.ts';

export function RowView({ object, id }: { readonly object: string; readonly id: string }) {
  const { answer, again } = useAnswer(RowDetail, `api/rows/${encodeURIComponent(object)}/${encodeURIComponent(id)}`);
  return (
    <div class="row-view">
      <p class="crumb">
        <a href={hashOf({ view: 'rows', object, search: '' })}>
          <Icon name="left" /> {object}
        </a>
      </p>
      <header class="story-head">
        <div class="story-title">
          <h1>{answer.state === 'there' ? answer.value.row.name : id}</h1>
          <p class="story-id">
            {object} <span class="code">{id}</span>
            {answer.state === 'there' ? ` · changed ${dayAndClock(answer.value.row.changedAt)}` : ''}
          </p>
        </div>
      </header>
      <Waited answer={answer} again={again} what="the row" rows={10}>
        {({ columns, events }) => (
          <div class="row-parts">
            <Card
              title="Columns"
              class="columns-card"
              aside={<span class="note">{counted(columns.length, 'column')}</span>}
            >
              <dl class="columns">
                {columns.map(({ name, label, value }) => (
                  <div key={name}>
                    <dt>
                      {label} <span class="code">{name}</span>
                    </dt>
                    <dd>{value === null || value === '' ? <span class="nothing">–</span> : value}</dd>
                  </div>
                ))}
              </dl>
            </Card>
            <Card title="Events" class="lately-card" aside={<span class="note">that wrote to it</span>}>
              {events.length === 0 ? (
                <Empty title="No event of this run wrote it" />
              ) : (
                <EventTable lines={events} label="Events that wrote to this row" />
              )}
            </Card>
          </div>
        )}
      </Waited>
    </div>
  );
}
