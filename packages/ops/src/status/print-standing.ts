import { span } from '../frame/instant.ts';
import type { Paint } from '../frame/paint.ts';
import { table } from '../frame/table.ts';
import { concerns, type Percentiles, type Standing } from './standing.ts';

/** One screen, from the verdict down along the road. */
export function printStanding(standing: Standing, paint: Paint): string {
  const found = concerns(standing);
  const isBad = found.some(({ level }) => level === 'bad');
  const verdict = isBad
    ? paint('bad', 'something is wrong')
    : found.length > 0
      ? paint('warning', 'worth a look')
      : paint('good', 'healthy');
  const dim = (text: string) => paint('dim', text);
  const lines = [
    `${paint('title', `payments-${standing.stage}`)}  ${verdict}  ${dim(`${standing.region}, ${standing.at}`)}`,
    ...found.map(({ level, text }) => `  ${paint(level, level === 'bad' ? '✗' : '!')} ${text}`),
    '',
    table([
      [dim('last event'), lastEvent(standing)],
      [dim('realtime'), realtime(standing)],
      [dim('bulk'), bulk(standing)],
      [dim('circuit'), standing.circuit ?? '–'],
      [dim('API calls'), budget(standing)],
      [dim('sync lag'), `realtime ${lag(standing.lag.realtime)}; bulk ${lag(standing.lag.bulk)} ${dim('(last hour)')}`],
      [dim('Salesforce'), told(standing)],
      [dim('last day'), totals(standing)],
    ]),
    ...section('failures', failures(standing), paint),
    ...section('dead letters', deadLetters(standing), paint),
    ...section('last batches', batches(standing), paint),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, body: string | null, paint: Paint): readonly string[] {
  return body === null ? [] : ['', paint('name', title), body];
}

function lastEvent({ lastEvent: event }: Standing): string {
  return event === null ? 'none in the last day' : `${span(event.ageSeconds * 1000)} ago (${event.at})`;
}

function realtime({ realtime: { running, oldestSeconds, failedLastHour } }: Standing): string {
  const failed = Object.values(failedLastHour).reduce((total, count) => total + count, 0);
  const oldest = oldestSeconds === null ? '' : `, the oldest for ${span(oldestSeconds * 1000)}`;
  return `${running} running${oldest}; ${failed} ended badly in the last hour`;
}

function bulk({ bulk: { queued, held, queueAgeSeconds, bufferRows, bufferAgeSeconds } }: Standing): string {
  const age = queueAgeSeconds === null || queued === 0 ? '' : `, the oldest ${span(queueAgeSeconds * 1000)}`;
  const waited =
    bufferAgeSeconds === null || bufferAgeSeconds === 0 ? '' : `, due for ${span(bufferAgeSeconds * 1000)}`;
  const buffer = bufferRows === null ? 'buffer –' : `${bufferRows} rows buffered${waited}`;
  return `${queued} queued${age}; ${held} in hand; ${buffer}`;
}

function budget({ budget: windows, org }: Standing): string {
  const ours = windows.map(({ window, used, percent }) => `${window} ${used} (${percent} %)`).join(', ');
  const theirs = org === null ? '' : `; the whole org ${org.used} in 24 h (${org.percent} %)`;
  return `${ours === '' ? '–' : ours}${theirs}`;
}

function told({ told: said }: Standing): string {
  if (said === null) return '–';
  const unsettled = said.oldestUnsettledAt === null ? '' : `, oldest unsettled event ${said.oldestUnsettledAt}`;
  return `${said.health === '' ? '–' : said.health}${said.reason === '' ? '' : `: ${said.reason}`}${unsettled} (${span(said.ageSeconds * 1000)} ago)`;
}

function totals({ totals: day }: Standing): string {
  const { received, published, rowsWritten, salesforceCalls, duplicates, staleRefused, failures } = day;
  return (
    `${received} requests, ${published} published, ${rowsWritten} rows written, ${salesforceCalls} Salesforce calls; ` +
    `${duplicates} duplicates, ${staleRefused} stale writes refused, ${failures} given up`
  );
}

function lag(values: Percentiles | null): string {
  if (values === null) return '–';
  const seconds = (ms: number) => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : span(ms));
  return `p50 ${seconds(values.p50)}, p95 ${seconds(values.p95)}, p99 ${seconds(values.p99)}`;
}

function failures({ failures: groups }: Standing): string | null {
  if (groups === null || groups.length === 0) return null;
  return table(
    groups.map(({ count, status, source, category, code }) => [
      String(count).padStart(5),
      status,
      source,
      category,
      code,
    ]),
  );
}

function deadLetters({ deadLetters: queues }: Standing): string | null {
  return queues.length === 0 ? null : table(queues.map(({ queue, waiting }) => [String(waiting).padStart(5), queue]));
}

function batches({ batches: all, at }: Standing): string | null {
  if (all === null || all.length === 0) return null;
  return table(
    all.map(({ name, object, transport, sent, succeeded, refused, failed, finishedAt }) => [
      name,
      object,
      transport,
      finishedAt === null ? 'under way' : `${span(Date.parse(at) - Date.parse(finishedAt))} ago`,
      [
        `${succeeded} of ${sent} written`,
        ...(refused > 0 ? [`${refused} refused`] : []),
        ...(failed > 0 ? [`${failed} failed`] : []),
      ].join(', '),
    ]),
  );
}
