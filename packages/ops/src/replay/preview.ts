import { routeOf } from '@payments/core/routes';
import * as v from 'valibot';
import type { Logs } from '../adapters/logs.ts';
import { rulesFor, type Wanted } from './filter.ts';

export type TypeCount = {
  readonly type: string;
  readonly events: number;
  /** Different objects among them. */
  readonly objects: number;
};

/** What a replay would touch, counted from what the ingress logged in that time. */
export type Preview = {
  readonly events: number;
  readonly types: readonly TypeCount[];
  /** There are more lines than were read: every figure is a lower bound. */
  readonly more: boolean;
};

/** Lines read at most; a busy day has fewer. */
const MOST_LINES = 200_000;
/** The line is written a little after the time under which the bus keeps the event. */
const SLACK_MS = 1_000;

const Accepted = v.looseObject({
  type: v.string(),
  stripeEventId: v.string(),
  stripeObjectId: v.optional(v.string(), ''),
});

/** Exact for whole intervals and types. With objects only the events about the objects themselves can be counted. */
export async function previewOf(
  logs: Logs,
  interval: { readonly from: number; readonly to: number },
  wanted: Wanted,
): Promise<Preview> {
  const { lines, more } = await logs.search({
    functions: ['Ingress'],
    pattern: '{ $.message = "webhook" && $.outcome = "published" }',
    from: interval.from,
    to: interval.to + SLACK_MS,
    most: MOST_LINES,
  });
  const taken = new Set(rulesFor(wanted).flatMap(({ types }) => types));
  const objectsOf = new Map<string, string[]>();
  for (const { said } of lines) {
    const line = v.safeParse(Accepted, said);
    if (!line.success || !isWanted(line.output, wanted, taken)) continue;
    const objects = objectsOf.get(line.output.type) ?? [];
    objects.push(line.output.stripeObjectId);
    objectsOf.set(line.output.type, objects);
  }
  const types = [...objectsOf].map(([type, ids]) => ({ type, events: ids.length, objects: new Set(ids).size }));
  return {
    events: types.reduce((total, { events }) => total + events, 0),
    types: types.sort((a, b) => b.events - a.events),
    more,
  };
}

function isWanted(
  { type, stripeObjectId }: v.InferOutput<typeof Accepted>,
  { types, objects }: Wanted,
  taken: ReadonlySet<string>,
): boolean {
  if (routeOf(type) === null || !taken.has(type)) return false;
  return (types.length === 0 || types.includes(type)) && (objects.length === 0 || objects.includes(stripeObjectId));
}
