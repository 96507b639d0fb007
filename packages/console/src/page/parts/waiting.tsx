/** What is shown while there is nothing to show: loading, empty, refused. */
import type { ComponentChildren } from 'preact';
import type { Answer } from '../answers.ts';
import type { Refused } from '../ask.ts';
import { Icon } from './icons.tsx';

/** Grey bars where rows will be, of their height, so that nothing jumps when they come. */
export function Loading({ rows, what }: { readonly rows: number; readonly what: string }) {
  return (
    <div class="loading" role="status">
      <span class="unseen">Loading {what} …</span>
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} class="loading-bar" aria-hidden="true" />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}

export function Trouble({ problem, again }: { readonly problem: Refused; readonly again: () => void }) {
  return (
    <div class="empty" role="alert">
      <p class="empty-title trouble-title">
        <Icon name="alarm" /> {problem.message}
      </p>
      <p>
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      </p>
    </div>
  );
}

export function Waited<T>({
  answer,
  again,
  what,
  rows,
  children,
}: {
  readonly answer: Answer<T>;
  readonly again: () => void;
  readonly what: string;
  readonly rows: number;
  readonly children: (value: T) => ComponentChildren;
}) {
  switch (answer.state) {
    case 'loading':
      return <Loading rows={rows} what={what} />;
    case 'refused':
      return <Trouble problem={answer.problem} again={again} />;
    case 'there':
      return <>{children(answer.value)}</>;
  }
}
