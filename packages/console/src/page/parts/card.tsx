import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A part of a view, with its heading. `aside` stands at the heading's end. */
export function Card({
  title,
  aside,
  class: more = '',
  children,
}: {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class={`card ${more}`} aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <div class="card-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** The heading of a view. */
export function Title({
  title,
  what,
  children,
}: {
  readonly title: string;
  readonly what?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  return (
    <header class="view-head">
      <div class="view-title">
        <h1>{title}</h1>
        {what === undefined ? null : <p>{what}</p>}
      </div>
      {children === undefined ? null : <div class="view-tools">{children}</div>}
    </header>
  );
}
