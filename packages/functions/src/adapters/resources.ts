import { Resource } from 'sst/resource';
import * as v from 'valibot';

/**
 * What the stacks link to a function, by name. Read by the wiring files (`*-lambda.ts`) only. Secrets are never
 * here: a link names the secret, secrets.ts reads it.
 */
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const queue = v.object({ url: v.string(), arn: v.string() });

const LINKS = {
  Bus: v.object({ name: v.string(), arn: v.string() }),
  StripeSigningSecret: v.object({ arn: v.string() }),
  StripeApiKey: v.object({ arn: v.string() }),
  SalesforceClient: v.object({ arn: v.string() }),
  /** Every secret by its name in the stacks. */
  SecretArns: v.object({ arns: v.record(v.string(), v.string()) }),
  BulkQueue: queue,
  BulkUndeliveredQueue: queue,
  RealtimeUndeliveredQueue: queue,
  FailedExecutionsQueue: queue,
  BulkPoisonedQueue: queue,
  /** The same, to send to. */
  GivenUpQueue: queue,
  /** To send to. */
  BulkParkedQueue: queue,
  /** The same, to read from. */
  ParkedRowsQueue: queue,
  RealtimeMachines: v.object({ arns: v.array(v.string()) }),
  FlushMachine: v.object({ arn: v.string() }),
  Archive: v.object({
    name: v.string(),
    arn: v.string(),
    retentionDays: count,
    busArn: v.string(),
    /** The rules of both lanes. */
    ruleArns: v.array(v.string()),
    replayPrefix: v.string(),
  }),
  /** The same, to ask only how old it is. */
  ArchiveAge: v.object({ name: v.string() }),
  RedisCluster: v.object({
    host: v.string(),
    port: v.number(),
    tls: v.boolean(),
    username: v.string(),
    /** `''`: the server asks for no password. */
    authSecretArn: v.string(),
  }),
  /** Log groups of the functions that say what was accepted. */
  AcceptedLog: v.object({ Ingress: v.string(), Claim: v.string(), Aggregate: v.string() }),
  Settings: v.object({
    stage: v.string(),
    /** The least that is said. */
    logLevel: v.picklist(['DEBUG', 'INFO']),
    livemode: v.boolean(),
    salesforceApiVersion: v.pipe(v.string(), v.regex(/^\d{2,3}\.0$/)),
    stripeApiVersion: v.string(),
    /** Enough for a batch within bulk's share, or bulk would never begin one. */
    callsPerMinute: v.pipe(count, v.minValue(50)),
    callsPerHour: count,
    callsPerDay: count,
    /** The part of the calls that only the realtime lane may use. */
    realtimeReserve: fraction,
    /** The part that urgent events of low value leave to the other urgent ones. */
    lowValueReserve: fraction,
    /** What Stripe allows the account, all endpoints together and each by itself. */
    stripeCallsPerSecond: v.pipe(count, v.minValue(1)),
    stripeCallsPerEndpoint: v.pipe(count, v.minValue(1)),
    /** Bad answers in a row that open the circuit before Salesforce. */
    circuitFailures: v.pipe(count, v.minValue(1)),
    /** How long it stays open before a probe, the first time and at the most. */
    circuitOpenSeconds: v.number(),
    circuitLongestOpenSeconds: v.number(),
    /** A probe that says nothing for so long is lost. */
    circuitProbeSeconds: v.number(),
    /** An answer that takes longer counts as a bad one. */
    circuitSlowSeconds: v.number(),
    /** More rows of one object than this go by Bulk API 2.0. */
    bulkAbove: count,
    /** This many buffered rows of one object start a flush before its minute is over. */
    flushAbove: count,
    /** How often the flush may write `Integration_Status__c`. */
    statusEverySeconds: v.number(),
    /** How much earlier than the oldest unsettled event a replay after a loss of Redis begins. */
    replayMarginSeconds: v.number(),
    /** How long an event may take into the archive. */
    archiveLagSeconds: v.number(),
    /** An event of Stripe's that is younger may be on its way: no sweep calls it missed. */
    sweepGraceSeconds: count,
    /** After this a sweep looks a second time for what it did not find. */
    sweepSecondLookSeconds: v.number(),
  }),
} as const;

/** Throws a ValiError that names the link when the stacks did not link it or its shape is another. */
export function link<Name extends keyof typeof LINKS>(
  name: Name,
  source: object = Resource,
): v.InferOutput<(typeof LINKS)[Name]> {
  const value: unknown = Reflect.get(source, name);
  return v.parse(LINKS[name], value);
}
