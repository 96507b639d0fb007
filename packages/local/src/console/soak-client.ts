/** A page's stream without a page, in a thread of its own: how late what it hears is. Answers each message with a report. */
import { parentPort, workerData } from 'node:worker_threads';
import { Hop, Snapshot } from '@payments/console/contract';
import * as v from 'valibot';

const At = v.variant('event', [
  v.object({ event: v.literal('hop'), data: v.pipe(v.string(), v.parseJson(), Hop) }),
  v.object({ event: v.literal('snapshot'), data: v.pipe(v.string(), v.parseJson(), Snapshot) }),
]);

const lags: Record<'hop' | 'snapshot', number[]> = { hop: [], snapshot: [] };
let bytes = 0;

function hear(message: string): void {
  const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(message) ?? [];
  if (event === undefined || event === 'trouble') return;
  const heard = v.parse(At, { event, data });
  lags[heard.event].push(Math.max(0, Date.now() - heard.data.at));
}

/** In ms, nearest rank; `null`: nothing was heard. */
function percentiles(values: readonly number[]): { count: number; p50: number; p95: number; most: number } | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return sorted.length === 0 ? null : { count: sorted.length, p50: at(0.5), p95: at(0.95), most: at(1) };
}

const port = parentPort;
if (port === null) throw new Error('soak-client.ts runs in a worker thread only');
/** Of what was heard since the last report. */
port.on('message', () => {
  const [hop, snapshot] = [lags.hop, lags.snapshot].map((values) => percentiles(values.splice(0)));
  port.postMessage({ hop, snapshot, bytes });
  bytes = 0;
});

const answer = await fetch(`${v.parse(v.object({ url: v.string() }), workerData).url}/api/stream`);
const decoder = new TextDecoder();
let text = '';
for await (const chunk of answer.body ?? []) {
  bytes += chunk.length;
  text += decoder.decode(chunk, { stream: true });
  const messages = text.split('\n\n');
  text = messages.pop() ?? '';
  for (const message of messages) hear(message);
}
