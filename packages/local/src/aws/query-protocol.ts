/**
 * The older AWS query protocol: form fields in, XML out. Debian's aws 2.9 speaks it with SQS and CloudWatch, where
 * newer clients speak JSON; each service here is written once, in JSON, and a dialect translates.
 */
import { XMLBuilder } from 'fast-xml-parser';

export type Fields = string | Fields[] | { readonly [name: string]: Fields };
export type XmlValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | XmlValue[]
  | { readonly [name: string]: XmlValue };

export type QueryDialect = {
  /** The prefix of X-Amz-Target under which the service answers in JSON. */
  readonly service: string;
  readonly namespace: string;
  /** Query fields as the service's JSON input. */
  input(action: string, fields: { readonly [name: string]: Fields }): unknown;
  /** The service's JSON answer as the content of `<ActionResult>`. */
  output(action: string, body: unknown): XmlValue;
};

const MAX_DEPTH = 12;
type Tree = Map<string, Tree | string>;

/** `A.1.B=x` becomes `{A: [{B: 'x'}]}`, `A.member.1=x` becomes `{A: ['x']}`. Action and Version are left out. */
export function parseFields(params: URLSearchParams): { readonly [name: string]: Fields } {
  const root: Tree = new Map();
  for (const [key, value] of params) {
    if (key === 'Action' || key === 'Version') continue;
    const steps = key.split('.').slice(0, MAX_DEPTH);
    const last = steps.pop() ?? '';
    let tree = root;
    for (const step of steps) {
      const next = tree.get(step);
      const child: Tree = next instanceof Map ? next : new Map();
      tree.set(step, child);
      tree = child;
    }
    tree.set(last, value);
  }
  return Object.fromEntries([...root].map(([name, value]) => [name, fieldsOf(value)]));
}

function fieldsOf(tree: Tree | string): Fields {
  if (typeof tree === 'string') return tree;
  const member = tree.size === 1 ? tree.get('member') : undefined;
  if (member instanceof Map) return fieldsOf(member);
  const keys = [...tree.keys()];
  if (keys.length > 0 && keys.every((key) => /^\d+$/.test(key))) {
    return [...tree].sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => fieldsOf(value));
  }
  return Object.fromEntries([...tree].map(([name, value]) => [name, fieldsOf(value)]));
}

const builder = new XMLBuilder({ processEntities: false, tagValueProcessor: (_name, value) => escaped(String(value)) });

/** A carriage return would reach the client as a line feed (XML 1.0, section 2.11), and break the body's MD5. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');
}

export function answerXml(action: string, namespace: string, requestId: string, result: XmlValue): string {
  const body = { [`${action}Result`]: result ?? {}, ResponseMetadata: { RequestId: requestId } };
  return `<${action}Response xmlns="${namespace}">${builder.build(body)}</${action}Response>`;
}

export function errorXml(
  namespace: string,
  requestId: string,
  error: { readonly code: string; readonly message: string; readonly status: number },
): string {
  const Type = error.status < 500 ? 'Sender' : 'Receiver';
  const body = { Error: { Type, Code: error.code, Message: error.message }, RequestId: requestId };
  return `<ErrorResponse xmlns="${namespace}">${builder.build(body)}</ErrorResponse>`;
}
