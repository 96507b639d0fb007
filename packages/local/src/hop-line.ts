/** The live view: one line for each step that an event or a batch takes, told from the functions' own logs. */
import { styleText } from 'node:util';
import * as v from 'valibot';

const optionalText = v.optional(v.string(), '');
const Webhook = v.object({
  message: v.literal('webhook'),
  outcome: v.string(),
  type: optionalText,
  stripeObjectId: v.nullish(v.string()),
});
const Settled = v.object({
  message: v.literal('settled'),
  outcome: v.string(),
  type: v.string(),
  stripeObjectId: v.nullish(v.string()),
  rows: v.number(),
  pathMs: v.number(),
});
const Parked = v.object({
  message: v.literal('parked'),
  type: v.string(),
  stripeObjectId: v.nullish(v.string()),
  code: optionalText,
});
const Aggregated = v.object({
  message: v.literal('aggregate'),
  outcome: v.string(),
  type: optionalText,
  stripeEventId: optionalText,
  rows: v.optional(v.number(), 0),
});
const Batch = v.object({
  message: v.literal('settle'),
  outcome: v.literal('settled'),
  object: v.string(),
  rows: v.number(),
  refused: v.number(),
  parked: v.number(),
  givenBack: v.number(),
});
const Line = v.variant('message', [Webhook, Settled, Parked, Aggregated, Batch]);
type Step = v.InferOutput<typeof Line>;

/** `null` for a line that is no step of an event or a batch. */
export function hopLine(line: string, at: number): string | null {
  if (!line.startsWith('{')) return null;
  try {
    const parsed = v.safeParse(Line, JSON.parse(line));
    return parsed.success
      ? `${styleText('dim', new Date(at).toISOString().slice(11, 19))} ${told(parsed.output)}`
      : null;
  } catch {
    return null;
  }
}

function told(step: Step): string {
  switch (step.message) {
    case 'webhook':
      return styleText('dim', columns('→ ingress', step.type, step.stripeObjectId, step.outcome));
    case 'settled':
      return styleText(
        'green',
        columns('✓ realtime', step.type, step.stripeObjectId, `${step.outcome}, ${many(step.rows)}, ${step.pathMs} ms`),
      );
    case 'parked':
      return styleText('red', columns('✗ realtime', step.type, step.stripeObjectId, `parked: ${step.code}`));
    case 'aggregate':
      return styleText('dim', columns('▤ bulk', step.type, step.stripeEventId, `${step.outcome}, ${many(step.rows)}`));
    case 'settle': {
      const rest = [
        step.refused > 0 ? `${step.refused} were older` : '',
        step.givenBack > 0 ? `${step.givenBack} later again` : '',
        step.parked > 0 ? `${step.parked} parked` : '',
      ].filter((part) => part !== '');
      return styleText(
        step.parked > 0 ? 'red' : 'cyan',
        columns('✓ flush', step.object, null, [many(step.rows), ...rest].join(', ')),
      );
    }
    default:
      return '';
  }
}

function columns(road: string, what: string, id: string | null | undefined, outcome: string): string {
  return `${road.padEnd(11)} ${what.padEnd(42)} ${(id ?? '').padEnd(30)} ${outcome}`;
}

function many(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}
