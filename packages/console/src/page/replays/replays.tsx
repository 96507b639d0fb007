/** Archive replays: what was on the bus between two times is put on it again. */
import { useEffect, useState } from 'preact/hooks';
import * as v from 'valibot';
import { Replay, type ReplayRequest } from '../../contract.ts';
import { useAnswer } from '../answers.ts';
import { ago, clock, dayAndClock, localInput, percent } from '../figures.ts';
import { now } from '../live.ts';
import { Card, Title } from '../parts/card.tsx';
import { confirm } from '../parts/confirm.tsx';
import { press, say } from '../parts/said.tsx';
import { Empty, Waited } from '../parts/waiting.tsx';

const Replays = v.object({ replays: v.array(Replay) });

const MINUTE = 60_000;
const SPANS = [5, 15, 60] as const;
/** A replay starts and ends without anything that moves on the road: while one is under way it is asked for. */
const LOOK_EVERY_MS = 2_000;

export function ReplaysView() {
  const { answer, again } = useAnswer(Replays, 'api/replays');
  const underWay = answer.state === 'there' && !answer.value.replays.every(isOver);
  useEffect(() => {
    if (!underWay) return;
    const timer = setInterval(again, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [underWay, again]);
  return (
    <div class="replays-view">
      <Title
        title="Replays"
        what="Puts events from the archive on the bus again. What Salesforce has already is not written twice."
      />
      <Ask again={again} />
      <Card title="Replays so far">
        <Waited answer={answer} again={again} what="replays" rows={3}>
          {({ replays }) =>
            replays.length === 0 ? (
              <Empty title="No replay yet" />
            ) : (
              <ul class="replays">
                {replays.map((replay) => (
                  <One key={replay.name} replay={replay} again={again} />
                ))}
              </ul>
            )
          }
        </Waited>
      </Card>
    </div>
  );
}

function Ask({ again }: { readonly again: () => void }) {
  const [from, setFrom] = useState(() => localInput(now.peek() - 15 * MINUTE));
  // A minute more than now: what came within this minute belongs to it.
  const [to, setTo] = useState(() => localInput(now.peek() + MINUTE));
  const [types, setTypes] = useState('');
  const span = (minutes: number): void => {
    setFrom(localInput(now.peek() - minutes * MINUTE));
    setTo(localInput(now.peek() + MINUTE));
  };
  const start = (): void => {
    const request: ReplayRequest = {
      from: new Date(from).getTime(),
      to: new Date(to).getTime(),
      types: types.split(/[\s,]+/).filter((type) => type !== ''),
    };
    if (!(request.from < request.to)) {
      say('A replay begins before it ends.', false);
      return;
    }
    confirm({
      title: 'Start this replay?',
      what: `Events from ${dayAndClock(request.from)} to ${dayAndClock(request.to)} go onto the bus again${request.types.length === 0 ? '' : `: ${request.types.join(', ')}`}.`,
      yes: 'Start replay',
      run: () => void press('api/replays', request).then(again),
    });
  };
  return (
    <Card title="New replay">
      <form
        class="replay-form"
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <fieldset class="spans">
          <legend class="unseen">Lately</legend>
          {SPANS.map((minutes) => (
            <button key={minutes} type="button" class="chip" onClick={() => span(minutes)}>
              Last {minutes} min
            </button>
          ))}
        </fieldset>
        <label class="field field-tall">
          <span>From</span>
          <input type="datetime-local" required value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
        </label>
        <label class="field field-tall">
          <span>To</span>
          <input type="datetime-local" required value={to} onInput={(event) => setTo(event.currentTarget.value)} />
        </label>
        <label class="field field-tall field-types">
          <span>Types, all when empty</span>
          <input
            type="text"
            placeholder="invoice.paid, customer.updated"
            value={types}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => setTypes(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button button-strong">
          Start replay
        </button>
      </form>
    </Card>
  );
}

const OVER = new Set(['COMPLETED', 'CANCELLED', 'FAILED']);

function isOver({ state, endedAt }: Replay): boolean {
  return endedAt !== null || OVER.has(state);
}

function One({ replay, again }: { readonly replay: Replay; readonly again: () => void }) {
  const { name, state, from, to, startedAt, endedAt, lastReplayedAt } = replay;
  const done = state === 'COMPLETED' ? 100 : percent(Math.max(0, (lastReplayedAt ?? from) - from), to - from);
  return (
    <li class="replay">
      <div class="replay-words">
        <h3 class="code">{name}</h3>
        <p class="note">
          {dayAndClock(from)} to {clock(to)} · started {ago(startedAt, now.value)}
          {endedAt === null ? null : ` · ended ${ago(endedAt, now.value)}`}
        </p>
      </div>
      <p class={`replay-state replay-${state.toLowerCase()}`}>{state.toLowerCase()}</p>
      <progress max={100} value={done} aria-label={`How far ${name} is`} />
      <p class="figure replay-done">{done} %</p>
      {isOver(replay) ? (
        <span class="replay-cancel" />
      ) : (
        <button
          type="button"
          class="button button-small replay-cancel"
          aria-label={`Cancel ${name}`}
          onClick={() =>
            confirm({
              title: 'Cancel this replay?',
              what: 'What it has put on the bus so far stays there.',
              yes: 'Cancel the replay',
              run: () => void press(`api/replays/${encodeURIComponent(name)}/cancel`).then(again),
            })
          }
        >
          Cancel
        </button>
      )}
    </li>
  );
}
