import type { Place } from '../deployment/deployment.ts';

/**
 * What is of this deployment by the name that the stacks give it (`queue Bulk`, `machine Payments`, `function Claim`, `the bus`),
 * so that ARNs of any stage, account and region compare with one description. Everything else keeps its ARN. Pure.
 */
export function called(place: Place, text: string): string {
  const [arn, partition, service, region, account, kind = '', ...rest] = text.split(/[:/]/);
  if (arn !== 'arn' || partition !== place.partition || region !== place.region || account !== place.account)
    return text;
  const [name = ''] = rest;
  if (service === 'sqs' && rest.length === 0) return named(place, 'queue', kind) ?? text;
  if (rest.length !== 1) return text;
  if (service === 'states' && kind === 'stateMachine') return named(place, 'machine', name) ?? text;
  if (service === 'events' && kind === 'event-bus') return name === `${place.prefix}-bus` ? 'the bus' : text;
  if (service === 'lambda' && kind === 'function') return functionNamed(place, name) ?? text;
  return text;
}

/** JSON text with every ARN in it called so; text that is no JSON stays as it is. */
export function calledIn(place: Place, json: string): unknown {
  try {
    return JSON.parse(json, (_, value) => (typeof value === 'string' ? called(place, value) : value));
  } catch {
    return json;
  }
}

function named({ prefix }: Place, kind: string, name: string): string | null {
  return name.startsWith(`${prefix}-`) ? `${kind} ${name.slice(prefix.length + 1)}` : null;
}

/** SST adds eight letters of its own, and cuts app and stage when all would be longer than 64 characters. */
const FUNCTION = /^(.*-)?([A-Za-z]+)Function-[a-z]{8}$/;
const LONGEST = 64 - '-12345678'.length;

function functionNamed({ prefix }: Place, physical: string): string | null {
  const [, before = '', name = ''] = FUNCTION.exec(physical) ?? [];
  if (name === '') return null;
  const isCut = `${prefix}-${name}Function`.length > LONGEST;
  return isCut || before === `${prefix}-` ? `function ${name}` : null;
}
