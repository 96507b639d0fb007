/** How far something is, as a shape and a word; which road it took. Never by colour alone. */
import type { EventLine, Lane, Outcome, Place } from '../../contract.ts';
import { Icon, type IconName } from './icons.tsx';

const OUTCOME_ICON: Readonly<Record<Outcome | 'nothing', IconName>> = {
  'under way': 'wait',
  buffered: 'buffered',
  written: 'good',
  stale: 'stale',
  nothing: 'nothing',
  duplicate: 'duplicate',
  failed: 'bad',
  unrouted: 'astray',
};

export const OUTCOME_MEANS: Readonly<Record<Outcome | 'nothing', string>> = {
  'under way': 'on its way',
  buffered: 'waits in the buffer for the next batch',
  written: 'in Salesforce',
  stale: 'Salesforce had something newer: nothing to do',
  nothing: 'changes nothing in Salesforce',
  duplicate: 'seen before: changed nothing',
  failed: 'given up; a dead letter says why',
  unrouted: 'nobody routes this type; it waits in a queue',
};

const classOf = (words: string): string => words.replaceAll(' ', '-');

export function OutcomeMark({ outcome }: { readonly outcome: Outcome }) {
  return (
    <span class={`mark outcome-${classOf(outcome)}`} title={OUTCOME_MEANS[outcome]}>
      <Icon name={OUTCOME_ICON[outcome]} />
      <span class="mark-word">{outcome}</span>
    </span>
  );
}

export function LaneMark({ lane }: { readonly lane: Lane }) {
  return (
    <span class={`lane lane-${lane}`}>
      <span class="lane-glyph" aria-hidden="true" />
      {lane}
    </span>
  );
}

const STATE_ICON: Readonly<Record<Place['state'], IconName>> = { fine: 'good', busy: 'wait', trouble: 'alarm' };

/** `withWord`: else the word is for screen readers, and the shape alone is seen. */
export function StateMark({ state, withWord }: { readonly state: Place['state']; readonly withWord: boolean }) {
  return (
    <span class={`mark state-${state}`}>
      <Icon name={STATE_ICON[state]} />
      <span class={withWord ? 'mark-word' : 'unseen'}>{state}</span>
    </span>
  );
}

/** What an event is called in a list: its type. */
export function typeOf({ type }: Pick<EventLine, 'type'>): { readonly family: string; readonly rest: string } {
  const dot = type.lastIndexOf('.');
  return dot < 0 ? { family: '', rest: type } : { family: type.slice(0, dot + 1), rest: type.slice(dot + 1) };
}

export function EventType({ type }: { readonly type: string }) {
  const { family, rest } = typeOf({ type });
  return (
    <span class="event-type" title={type}>
      <span class="event-family" aria-hidden="true">
        {family}
      </span>
      <span aria-hidden="true">{rest}</span>
      {/* In one piece: parts that stand beside each other would be read as two words. */}
      <span class="unseen">{type}</span>
    </span>
  );
}
