import * as v from 'valibot';
import { WrongUsage } from '../frame/problem.ts';

/** What the command line and the environment say about where to work. */
export type Asked = {
  readonly stage?: string | undefined;
  /** `true`: --local without an address. */
  readonly local?: string | boolean | undefined;
  readonly region?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export type Which = {
  readonly stage: string;
  /** `null`: AWS itself. */
  readonly endpoint: string | null;
  /** `null`: whatever the environment and the profile say. */
  readonly region: string | null;
  /** `npm start` on this machine: any credentials do, and none of AWS are sent. */
  readonly local: boolean;
};

export const DEFAULT_ENDPOINT = 'http://127.0.0.1:4566';
/** The stage and region of the graph that npm start runs. */
const LOCAL_STAGE = 'local';
const LOCAL_REGION = 'us-east-1';

const Stage = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/));
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Throws WrongUsage when it is not clear which deployment is meant: guessing could touch the wrong one. */
export function whichDeployment({ stage, local, region, env }: Asked): Which {
  if (stage === '') throw new WrongUsage('--stage is empty: is the variable set that it comes from?');
  const named = stage ?? (env.PAYMENTS_STAGE || undefined);
  const endpoint =
    local === true ? (loopbackOf(env) ?? DEFAULT_ENDPOINT) : ((local || undefined) ?? env.AWS_ENDPOINT_URL);
  const url = endpoint === undefined ? null : parse(endpoint);
  const onThisMachine = url !== null && LOOPBACK.test(url.hostname);
  if (local !== undefined && local !== false && !onThisMachine) {
    throw new WrongUsage(`--local takes an address of this machine, not ${endpoint}`);
  }
  if (onThisMachine) {
    if (stage !== undefined && stage !== LOCAL_STAGE) {
      throw new WrongUsage(`--stage ${stage} and an address of this machine (${endpoint}) contradict each other`);
    }
    return { stage: LOCAL_STAGE, endpoint: url.origin, region: region ?? LOCAL_REGION, local: true };
  }
  if (named === undefined) throw new WrongUsage('which deployment? Say --stage <name>, or --local for npm start');
  if (!v.is(Stage, named)) throw new WrongUsage('--stage takes letters, digits and hyphens');
  return { stage: named, endpoint: url?.href ?? null, region: region ?? null, local: false };
}

function loopbackOf(env: Asked['env']): string | undefined {
  const url = env.AWS_ENDPOINT_URL === undefined ? null : parse(env.AWS_ENDPOINT_URL);
  return url !== null && LOOPBACK.test(url.hostname) ? url.origin : undefined;
}

function parse(text: string): URL {
  if (!URL.canParse(text)) throw new WrongUsage(`${text} is no address`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new WrongUsage(`${text} is no http address`);
  return url;
}
