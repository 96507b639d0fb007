import { span } from '../frame/instant.ts';
import type { Paint, Role } from '../frame/paint.ts';
import { table } from '../frame/table.ts';
import type { FoundExecution, Trace } from './find.ts';
import type { Ending } from './story.ts';

const ENDINGS: Readonly<Record<Ending, readonly [Role, string]>> = {
  written: ['good', 'written to Salesforce'],
  dropped: ['good', 'not written: a newer state stands'],
  nothing: ['good', 'changes nothing in Salesforce'],
  duplicate: ['good', 'had been handled before'],
  parked: ['bad', 'given up: see dlq list'],
  waiting: ['warning', 'under way'],
  unknown: ['warning', 'not taken by any lane'],
};

/** Top down: what it is, each event's story by time, then the rows and what failed. */
export function printTrace(trace: Trace, paint: Paint): string {
  const { stripe } = trace;
  const now =
    stripe === null ? 'not known to Stripe' : [stripe.type, stripe.status].filter((part) => part !== null).join(', ');
  const head = `${paint('title', trace.id)}  ${now}${stripe?.createdAt ? paint('dim', `  made ${stripe.createdAt}`) : ''}`;
  const nothing =
    trace.stories.length > 0
      ? []
      : [
          paint('warning', '  no function has logged it') +
            ` ${paint('dim', `from ${trace.searched.from} on; --since looks further back`)}`,
        ];
  return `${[
    head,
    ...nothing,
    ...trace.stories.flatMap((story) => ['', ...storyLines(story, trace, paint)]),
    ...section('rows', rowLines(trace), paint),
    ...section('failures', failureLines(trace, paint), paint),
    ...(trace.more ? ['', paint('warning', 'more was logged than was read: --since narrows it')] : []),
    ...trace.unread.map(({ what, why }) => paint('warning', `${what} was not read: ${why}`)),
  ].join('\n')}\n`;
}

function section(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : ['', paint('name', title), ...lines];
}

function storyLines(story: Trace['stories'][number], trace: Trace, paint: Paint): readonly string[] {
  const [role, ending] = ENDINGS[story.ending];
  const about = story.objectId === null || story.objectId === trace.id ? '' : ` about ${story.objectId}`;
  const first = story.scenes[0]?.at ?? 0;
  return [
    `${paint('name', story.eventId)}${story.type === null ? '' : ` ${story.type}`}${about}  ${paint(role, ending)}`,
    table(
      story.scenes.map(({ at, where, what }, index) => [
        index === 0 ? new Date(at).toISOString() : paint('dim', `+${after(at - first)}`),
        where,
        what,
      ]),
    ),
    ...story.found.flatMap((execution) => executionLines(execution, paint)),
    ...story.batches.map((key) => `  ${paint('dim', 'batch')}      ${batchText(key, trace)}`),
  ];
}

function executionLines({ status, steps, error, link }: FoundExecution, paint: Paint): readonly string[] {
  const role = status === 'SUCCEEDED' ? 'good' : status === 'RUNNING' ? 'warning' : 'bad';
  const walked = steps
    .map(({ state, enteredAt, leftAt, tries }) => {
      const took = leftAt === null ? '' : ` ${after(leftAt - enteredAt)}`;
      return `${state}${took}${tries > 1 ? ` (${tries} tries)` : ''}`;
    })
    .join(' → ');
  return [
    `  ${paint('dim', 'execution')}  ${paint(role, status)}${error === null ? '' : ` ${error}`}  ${walked}`,
    `             ${paint('dim', link)}`,
  ];
}

function batchText(key: string, { batches }: Trace): string {
  const batch = batches.find((each) => each.key === key);
  if (batch === undefined) return key;
  const job = batch.jobId === null || batch.jobId === '' ? '' : `, job ${batch.jobId}`;
  return `${batch.name} ${batch.object} by ${batch.transport}${job}, finished ${batch.finishedAt ?? '–'}`;
}

function rowLines({ rows }: Trace): readonly string[] {
  if (rows.length === 0) return [];
  return [
    table(
      rows.map(({ object, id, status, changedAt, versions }) => [
        object,
        id,
        status ?? '',
        `changed ${changedAt}`,
        Object.entries(versions)
          .flatMap(([owner, version]) => (version === null ? [] : [`${owner} of ${versionTime(version)}`]))
          .join(', '),
      ]),
    ),
  ];
}

/** A version is Stripe's second × 100 + rank; 0 is a row that nobody has described yet. */
function versionTime(version: number): string {
  return version === 0 ? 'nobody' : new Date(Math.floor(version / 100) * 1_000).toISOString();
}

function failureLines({ failures }: Trace, paint: Paint): readonly string[] {
  return failures.flatMap(({ name, status, source, category, code, attempts, lastFailedAt, message, link }) => [
    `  ${name} ${paint(status === 'Open' ? 'bad' : 'dim', status)} ${source} ${category} ${code}, ${attempts} ${attempts === 1 ? 'try' : 'tries'}, last ${lastFailedAt ?? '–'}`,
    `    ${message}`,
    ...(link === null ? [] : [`    ${paint('dim', link)}`]),
  ]);
}

/** Finer than {@link span}: a path takes a second or two. */
function after(ms: number): string {
  return ms >= 1_000 && ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : span(ms);
}
