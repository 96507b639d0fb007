/** The last few events, so that a button's effect is seen beside the road. */
import { EventPage } from '../../contract.ts';
import { useAnswer } from '../answers.ts';
import { EventTable } from '../events/table.tsx';
import { Card } from '../parts/card.tsx';
import { Empty, Waited } from '../parts/waiting.tsx';
import { hashOf } from '../routes.ts';

const SHOWN = 8;

export function Lately() {
  const { answer, again } = useAnswer(EventPage, `api/events?limit=${SHOWN}`);
  return (
    <Card
      title="Latest events"
      class="lately-card"
      aside={<a href={hashOf({ view: 'events', search: '', lane: '', outcome: '' })}>All events</a>}
    >
      <Waited answer={answer} again={again} what="the latest events" rows={SHOWN}>
        {({ events }) =>
          events.length === 0 ? (
            <Empty title="No event yet">Press a button that makes life, or wait for the account to live.</Empty>
          ) : (
            <EventTable lines={events.slice(0, SHOWN)} label="Latest events" />
          )
        }
      </Waited>
    </Card>
  );
}
