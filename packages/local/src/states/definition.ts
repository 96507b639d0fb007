/**
 * What the local interpreter (aws-local-stepfunctions 3.0.0) would pass over in silence is refused here: it ignores
 * JSONata without an error, knows no context object but what it is given, and takes inputs of any size.
 */
import type { StateMachine } from 'aws-local-stepfunctions';
import * as v from 'valibot';

/** docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: 262,144 bytes of UTF-8 for any input or output. */
export const MAX_DATA_BYTES = 262_144;

const JSONATA_FIELDS = ['QueryLanguage', 'Arguments', 'Assign', 'Output'];
/**
 * Filled by machines.ts; `State.Name` is put in as a literal below. Execution.Input and StartTime are not among them:
 * the interpreter would give a Map's item and its own start.
 */
const FILLED_CONTEXT = /^\$\$\.(Execution\.(Id|Name|RedriveCount)|StateMachine\.(Id|Name)|Map\.Item\.(Index|Value))\b/;

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export function isJsonObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const Definition = v.looseObject({
  StartAt: v.string(),
  States: v.record(v.string(), v.looseObject({ Type: v.string() })),
});

type InterpreterDefinition = ConstructorParameters<typeof StateMachine>[0];

const Interpretable = v.custom<InterpreterDefinition>((value) => v.is(Definition, value));

/**
 * Parses an ASL definition for the interpreter; `json` is the same as plain JSON. Throws an Error that names the state
 * and field which the local runner cannot interpret faithfully.
 */
export function parseDefinition(text: string): { readonly definition: InterpreterDefinition; readonly json: Json } {
  const raw: Json = JSON.parse(text);
  v.parse(Definition, raw);
  const json = prepare(raw, null);
  return { definition: v.parse(Interpretable, json), json };
}

function prepare(value: Json, stateName: string | null): Json {
  if (Array.isArray(value)) return value.map((entry) => prepare(entry, stateName));
  if (!isJsonObject(value)) return value;
  for (const field of JSONATA_FIELDS) {
    if (field in value && (stateName !== null ? 'Type' in value : 'States' in value)) {
      throw new Error(
        `${stateName ?? 'the machine'} has "${field}": JSONata is not interpreted by the local runner, which would ignore it`,
      );
    }
  }
  const result: { [key: string]: Json } = {};
  for (const [key, entry] of Object.entries(value)) {
    if (key === 'States' && isJsonObject(entry)) {
      result[key] = Object.fromEntries(Object.entries(entry).map(([name, state]) => [name, prepare(state, name)]));
    } else if (key.endsWith('.$') && typeof entry === 'string' && entry.startsWith('$$')) {
      const [name, literal] = contextEntry(key, entry, stateName);
      result[name] = literal;
    } else {
      result[key] = prepare(entry, stateName);
    }
  }
  return result;
}

function contextEntry(key: string, path: string, stateName: string | null): [string, Json] {
  if (path === '$$.State.Name' && stateName !== null) return [key.slice(0, -2), stateName];
  if (FILLED_CONTEXT.test(path)) return [key, path];
  throw new Error(`${stateName ?? 'the machine'}: the local runner does not fill ${path} of the context object`);
}
