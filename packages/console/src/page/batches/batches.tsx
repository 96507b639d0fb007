/** What the bulk lane sent: each batch with how its rows fared. */
import * as v from 'valibot';
import { Batch } from '../../contract.ts';
import { useAnswer } from '../answers.ts';
import { ago, count, counted, dayAndClock, took } from '../figures.ts';
import { now } from '../live.ts';
import { Title } from '../parts/card.tsx';
import { Icon } from '../parts/icons.tsx';
import { Empty, Waited } from '../parts/waiting.tsx';

const Batches = v.object({ batches: v.array(Batch) });

export function BatchesView() {
  const { answer, again } = useAnswer(Batches, 'api/batches');
  return (
    <div class="batches-view">
      <Title title="Batches" what="What the bulk lane sent to Salesforce, newest first: at most the last hundred" />
      <section class="card" aria-label="Batches">
        <Waited answer={answer} again={again} what="batches" rows={8}>
          {({ batches }) =>
            batches.length === 0 ? (
              <Empty title="No batch yet">The buffer is flushed every few seconds, as soon as it holds a row.</Empty>
            ) : (
              <Table batches={batches} />
            )
          }
        </Waited>
      </section>
    </div>
  );
}

function Table({ batches }: { readonly batches: readonly Batch[] }) {
  return (
    <div class="table-frame">
      <table class="table stacked batches">
        <caption class="unseen">Batches, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Object</th>
            <th scope="col">Sent by</th>
            <th scope="col">Rows</th>
            <th scope="col" class="figure">
              Took
            </th>
            <th scope="col" class="figure">
              Began
            </th>
          </tr>
        </thead>
        <tbody>
          {batches.map((batch) => (
            <tr key={batch.id}>
              <th scope="row" title={batch.id}>
                {batch.object}
              </th>
              <td>{SENT_BY[batch.transport] ?? (batch.transport || '–')}</td>
              <td class="batch-rows">
                <Fared batch={batch} />
              </td>
              <td class="figure">
                {batch.finishedAt === null ? <Running /> : took(batch.finishedAt - batch.startedAt)}
              </td>
              <td class="figure" title={dayAndClock(batch.startedAt)}>
                {ago(batch.startedAt, now.value)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SENT_BY: Readonly<Record<string, string>> = { collections: 'Collections', bulk: 'Bulk API 2.0' };

function Running() {
  return (
    <span class="mark state-busy">
      <Icon name="wait" />
      <span class="mark-word">running</span>
    </span>
  );
}

function Fared({ batch }: { readonly batch: Batch }) {
  const { rows, succeeded, refused, failed } = batch;
  const parts = [
    { tone: 'good', many: succeeded },
    { tone: 'refused', many: refused },
    { tone: 'bad', many: failed },
  ];
  return (
    <div class="fared">
      <span class="fared-bar" aria-hidden="true">
        {parts.map(({ tone, many }) =>
          many === 0 ? null : (
            <i key={tone} class={`fared-${tone}`} style={{ width: `${(many / Math.max(1, rows)) * 100}%` }} />
          ),
        )}
      </span>
      <span class="fared-words">
        {counted(rows, 'row')}
        {refused > 0 ? <span> · {count(refused)} refused as stale</span> : null}
        {failed > 0 ? <span class="fared-failed"> · {count(failed)} failed</span> : null}
      </span>
    </div>
  );
}
