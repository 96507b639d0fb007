import path from 'node:path';
import { expect, it } from 'vitest';
import { synthesise } from '../graph/synth.ts';
import { hastened } from './hastened.ts';

it('shortens the waits between tries, the time a message is hidden and the window of a batch, and nothing else', async () => {
  const root = path.resolve(import.meta.dirname, '../../../..');
  const graph = await synthesise({ root, stage: 'local', say: () => {} });
  const quick = hastened(graph, { retries: 10, queues: 100 });
  const waits = (text: string) =>
    [...text.matchAll(/"(?:IntervalSeconds|MaxDelaySeconds)":([\d.]+)/g)].map(([, seconds]) => Number(seconds));
  const bare = (text: string) => text.replace(/("(?:IntervalSeconds|MaxDelaySeconds)":)[\d.]+/g, '$1');
  const before = graph.machines.map(({ definition }) => waits(definition));
  expect(before.flat().length).toBeGreaterThan(10);
  expect(quick.machines.map(({ definition }) => waits(definition))).toEqual(
    before.map((seconds) => seconds.map((each) => each / 10)),
  );
  expect(quick.machines.map(({ definition }) => bare(definition))).toEqual(
    graph.machines.map(({ definition }) => bare(JSON.stringify(JSON.parse(definition)))),
  );
  expect(quick.queues.map(({ visibilityTimeoutSeconds }) => visibilityTimeoutSeconds)).toEqual(
    graph.queues.map(({ visibilityTimeoutSeconds }) => Math.max(1, Math.round(visibilityTimeoutSeconds / 100))),
  );
  expect(quick.mappings.map(({ windowSeconds }) => windowSeconds)).toEqual(
    graph.mappings.map(({ windowSeconds }) => windowSeconds / 100),
  );
  const alike = { machines: null, queues: null, mappings: null };
  expect({ ...quick, ...alike }).toEqual({ ...graph, ...alike });
});
