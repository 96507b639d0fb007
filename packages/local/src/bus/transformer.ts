// What a target receives of an event: all of it, a constant, one path, or a template filled from several paths.
//
// A path that reaches nothing: guesses.ts. Inside quotes of a template it gives nothing, which is recorded behaviour.
import { validation } from './events-error.ts';
import { type BusGuesses, DEFAULT_GUESSES } from './guesses.ts';
import { isObject } from './pattern-operators.ts';

export interface InputTransformer {
  /** Variable name to path, at most 100: `{ amount: '$.detail.amount' }`. */
  readonly inputPathsMap?: Readonly<Record<string, string>> | undefined;
  /** JSON object, quoted string or several quoted lines, with `<variable>` placeholders. */
  readonly inputTemplate: string;
}

/** At most one of the three; none hands on the whole event. */
export interface TargetInput {
  /** Constant JSON text. */
  readonly input?: string | undefined;
  /** For example `$.detail`. */
  readonly inputPath?: string | undefined;
  readonly inputTransformer?: InputTransformer | undefined;
}

/** An event as its JSON text and as the value of that text. */
export interface TransformedEvent {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface TransformContext {
  readonly ruleArn: string;
  readonly ruleName: string;
  /** When the bus took the event, ISO 8601. */
  readonly ingestionTime: string;
  readonly guesses?: Pick<BusGuesses, 'unreachedInputPath' | 'unreachedVariable'>;
}

export type Transform = (event: TransformedEvent, context: TransformContext) => string;

/**
 * Prepares what `targetId` does with an event. The result gives the payload text.
 * Throws ValidationException for two inputs at once, a constant that is no JSON, a bad path or a bad template.
 */
export function compileInput(targetId: string, source: TargetInput): Transform {
  const { input, inputPath, inputTransformer } = source;
  if ([input, inputPath, inputTransformer].filter((given) => given !== undefined).length > 1) {
    throw validation(`Only one of Input, InputPath, or InputTransformer must be provided for target ${targetId}.`);
  }
  if (input !== undefined) {
    if (!isJson(input)) throw validation(`JSON syntax error in input for target ${targetId}.`);
    return () => input;
  }
  if (inputPath !== undefined) {
    const path = compilePath(inputPath, `Invalid InputPath for target ${targetId}.`);
    if (path.length === 0) return (event) => event.text;
    return (event, { guesses = DEFAULT_GUESSES }) => {
      const value = reach(event.json, path);
      return value === undefined ? guesses.unreachedInputPath : JSON.stringify(value);
    };
  }
  return inputTransformer === undefined ? (event) => event.text : compileTransformer(targetId, inputTransformer);
}

type Path = readonly (string | number)[];

const PATH = /^\$(?:\.[^.[\]\s'"*@?()]+|\[\d+\])*$/;

/** EventBridge takes dots and array positions only: `$.detail.items[0].id`. */
function compilePath(source: string, refusal: string): Path {
  if (!PATH.test(source)) throw validation(refusal);
  return [...source.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? Number(index));
}

/** The value at the path, or undefined. */
function reach(from: unknown, path: Path): unknown {
  let value = from;
  for (const step of path) {
    if (typeof step === 'number') value = Array.isArray(value) ? value[step] : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** A stretch of fixed text, or a variable; `quoted` inside a JSON string of the template. */
type Piece = string | { readonly variable: string; readonly quoted: boolean };

const MAX_PATHS = 100;

function compileTransformer(targetId: string, source: InputTransformer): Transform {
  const entries = Object.entries(source.inputPathsMap ?? {});
  if (entries.length > MAX_PATHS) {
    throw validation(`InputPathsMap of target ${targetId} has ${entries.length} entries; the limit is ${MAX_PATHS}.`);
  }
  const paths = new Map<string, Path>();
  for (const [name, path] of entries) {
    if (/^aws/i.test(name))
      throw validation(`InputPathsMap key ${name} of target ${targetId} must not start with AWS.`);
    paths.set(name, compilePath(path, `Invalid InputTransformer for target ${targetId} : [Invalid path of ${name}.]`));
  }
  const pieces = compileTemplate(targetId, source.inputTemplate);
  return (event, context) =>
    pieces
      .map((piece) => {
        if (typeof piece === 'string') return piece;
        const whole = piece.variable === 'aws.events.event.json' && !piece.quoted;
        if (whole) return event.text;
        const { unreachedVariable } = context.guesses ?? DEFAULT_GUESSES;
        return write(variable(piece.variable, paths, event, context), piece.quoted, unreachedVariable);
      })
      .join('');
}

function compileTemplate(targetId: string, template: string): Piece[] {
  const pieces: Piece[] = [];
  let fixed = '';
  let quoted = false;
  const token = /<([^<>\s"\\]+)>|\\.|"|[\s\S]/gy;
  for (const [text, variable] of template.matchAll(token)) {
    if (variable !== undefined) {
      pieces.push(fixed, { variable, quoted });
      fixed = '';
      continue;
    }
    if (text === '"') quoted = !quoted;
    fixed += text;
  }
  pieces.push(fixed);
  checkTemplate(targetId, pieces);
  return pieces;
}

/** Stands for a quoted placeholder while the template is checked; no template contains it. */
const PLACEHOLDER = '\uE000';

function checkTemplate(targetId: string, pieces: readonly Piece[]): void {
  const sample = pieces.map((piece) => (typeof piece === 'string' ? piece : piece.quoted ? PLACEHOLDER : '0')).join('');
  const lines = isJson(sample) ? [sample] : sample.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0 || !lines.every(isJson)) {
    throw validation(`Invalid InputTemplate for target ${targetId} : [The template is not valid JSON.]`);
  }
  for (const line of lines) {
    JSON.parse(line, (key: string, value: unknown) => {
      if (key.includes(PLACEHOLDER)) {
        throw validation(`Invalid InputTemplate for target ${targetId} : [A placeholder cannot be an object key.]`);
      }
      return value;
    });
  }
}

function variable(
  name: string,
  paths: ReadonlyMap<string, Path>,
  event: TransformedEvent,
  context: TransformContext,
): unknown {
  const path = paths.get(name);
  if (path !== undefined) return reach(event.json, path);
  switch (name) {
    case 'aws.events.rule-arn':
      return context.ruleArn;
    case 'aws.events.rule-name':
      return context.ruleName;
    case 'aws.events.event.ingestion-time':
      return context.ingestionTime;
    case 'aws.events.event.json':
      return event.json;
    case 'aws.events.event': {
      const { detail: _, ...envelope } = event.json;
      return envelope;
    }
    default:
      return undefined;
  }
}

function write(value: unknown, quoted: boolean, unreached: BusGuesses['unreachedVariable']): string {
  if (!quoted) return value === undefined ? unreached : JSON.stringify(value);
  if (value === undefined) return '';
  if (typeof value === 'string') return JSON.stringify(value).slice(1, -1);
  // Recorded behaviour: an object inside a quoted string loses its quotes.
  return JSON.stringify(value).replaceAll(/\\?"/g, '');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
