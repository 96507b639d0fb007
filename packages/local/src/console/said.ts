/** The log lines of the functions that the console reads, as core's table of log lines has them. */
import * as v from 'valibot';

const text = v.nullish(v.string(), null);
const number = v.nullish(v.number(), null);
const Said = v.object({
  message: v.string(),
  outcome: v.nullish(v.string(), ''),
  type: text,
  stripeEventId: text,
  stripeEventIds: v.nullish(v.array(v.string()), null),
  stripeObjectId: text,
  executionName: text,
  object: text,
  batchId: text,
  transport: text,
  salesforceId: text,
  rows: number,
  refused: number,
  parked: number,
  givenBack: number,
  calls: number,
  pathMs: number,
  code: text,
  category: text,
  step: text,
  error: text,
  reason: text,
  attempts: number,
  twin: v.nullish(v.boolean(), false),
  replayed: v.nullish(v.boolean(), false),
  notes: v.nullish(v.array(v.unknown()), null),
  service: text,
});
export type Said = v.InferOutput<typeof Said>;

/** A metric has a line of its own, which tells nothing here; most lines are metrics. */
const METRIC = '"_aws"';

/** `null` for a line that is no JSON of ours. */
export function saidIn(line: string): Said | null {
  if (!line.startsWith('{') || line.includes(METRIC)) return null;
  try {
    const said = v.safeParse(Said, JSON.parse(line));
    return said.success ? said.output : null;
  } catch {
    return null;
  }
}
