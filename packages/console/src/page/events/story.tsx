/** One event's story: what happened when, its machine, what it wrote, and what it said. */
import { type EventLine, EventStory } from '../../contract.ts';
import { useAnswer } from '../answers.ts';
import { clock, counted, dayAndClock, took } from '../figures.ts';
import { MachineCard } from '../machine/machine.tsx';
import { Card } from '../parts/card.tsx';
import { Icon } from '../parts/icons.tsx';
import { EventType, LaneMark, OUTCOME_MEANS, OutcomeMark } from '../parts/marks.tsx';
import { Empty, Waited } from '../parts/waiting.tsx';
import { hashOf } from '../routes.ts';
import { Json } from './json.tsx';

export function StoryView({ id }: { readonly id: string }) {
  const { answer, again } = useAnswer(EventStory, `api/events/${encodeURIComponent(id)}`);
  return (
    <div class="story">
      <p class="crumb">
        <a href={hashOf({ view: 'events', search: '', lane: '', outcome: '' })}>
          <Icon name="left" /> Events
        </a>
      </p>
      {answer.state === 'there' ? <Head event={answer.value.event} /> : <h1 class="code">{id}</h1>}
      <Waited answer={answer} again={again} what="the event’s story" rows={10}>
        {(story) => <Story story={story} />}
      </Waited>
    </div>
  );
}

function Head({ event }: { readonly event: EventLine }) {
  const { id, type, objectId, outcome, lane, tookMs, deliveries, stripeAt, receivedAt } = event;
  return (
    <header class="story-head">
      <div class="story-title">
        <h1>
          <EventType type={type} />
        </h1>
        <p class="code story-id">{id}</p>
      </div>
      <dl class="facts">
        <div>
          <dt>Outcome</dt>
          <dd>
            <OutcomeMark outcome={outcome} />
            <span class="fact-more">{OUTCOME_MEANS[outcome]}</span>
          </dd>
        </div>
        <div>
          <dt>Lane</dt>
          <dd>
            <LaneMark lane={lane} />
          </dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd>{tookMs === null ? '–' : took(tookMs)}</dd>
        </div>
        <div>
          <dt>Received</dt>
          <dd>
            {dayAndClock(receivedAt)}
            <span class="fact-more">{deliveries > 1 ? counted(deliveries, 'delivery', 'deliveries') : ''}</span>
          </dd>
        </div>
        <div>
          <dt>Stripe’s time</dt>
          <dd>{dayAndClock(stripeAt)}</dd>
        </div>
        {objectId === null ? null : (
          <div>
            <dt>Object</dt>
            <dd>
              <a class="code" href={hashOf({ view: 'events', search: objectId, lane: '', outcome: '' })}>
                {objectId}
              </a>
            </dd>
          </div>
        )}
      </dl>
    </header>
  );
}

function Story({ story }: { readonly story: EventStory }) {
  const { steps, machine, rows, unnamed, body, event } = story;
  return (
    <div class="story-parts">
      <Card title="What happened" class="steps-card">
        <Steps steps={steps} from={event.receivedAt} />
      </Card>
      <Card title="Rows" class="wrote-card" aside={<span class="note">{counted(rows.length + unnamed, 'row')}</span>}>
        <Rows rows={rows} />
        {unnamed === 0 ? null : <p class="list-end">{counted(unnamed, 'row')} more in the same call.</p>}
      </Card>
      {machine === null ? null : <MachineCard machine={machine} />}
      <Card title="The event" class="body-card" aside={<span class="note">as it was published</span>}>
        {body === null ? <Empty title="It is too long ago: the body is no longer kept." /> : <Json value={body} />}
      </Card>
    </div>
  );
}

function Steps({ steps, from }: { readonly steps: EventStory['steps']; readonly from: number }) {
  if (steps.length === 0) return <Empty title="Nothing yet" />;
  return (
    <ol class="steps">
      {steps.map(({ at, place, title, detail, outcome }, index) => (
        <li key={index} class={`step step-${place.replaceAll(' ', '-')} ${outcome === 'failed' ? 'step-bad' : ''}`}>
          <p class="step-title">
            <span class="step-place">{place}</span> {title}
          </p>
          <p class="step-at figure" title={dayAndClock(at)}>
            {index === 0 || at - from < 0 ? clock(at) : `+${took(at - from)}`}
          </p>
          {detail === null ? null : <p class="step-detail">{detail}</p>}
          {outcome === null || outcome === 'under way' ? null : (
            <p class="step-outcome">
              <OutcomeMark outcome={outcome} />
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

function Rows({ rows }: { readonly rows: EventStory['rows'] }) {
  if (rows.length === 0) return <Empty title="It wrote no row" />;
  return (
    <ul class="wrote">
      {rows.map(({ object, key, id, what }) => (
        <li key={`${object} ${key}`}>
          <span class="wrote-object">{object}</span>
          {id === null ? (
            <span class="code">{key}</span>
          ) : (
            <a class="code" href={hashOf({ view: 'row', object, id })}>
              {key}
            </a>
          )}
          <span class="wrote-what">{what}</span>
        </li>
      ))}
    </ul>
  );
}
