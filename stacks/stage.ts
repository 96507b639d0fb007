/** What differs between stages, and the defaults of every function. */
import { SALESFORCE_API_VERSION, STRIPE_API_VERSION } from '../packages/core/src/api-versions.ts';
import { STRIPE_LIMITS } from '../packages/core/src/stripe-limits.ts';

export const production = $app.stage === 'production';
const stripeLimits = STRIPE_LIMITS[production ? 'live' : 'sandbox'];
export const prefix = `${$app.name}-${$app.stage}`;
export const logRetention = production ? ('3 months' as const) : ('1 month' as const);
export const logRetentionInDays = production ? 90 : 30;

/**
 * Where logs and metrics go beside CloudWatch: the domain of a Coralogix account (coralogix.com/docs: "Coralogix domain"), or
 * `null` for nowhere. Its key goes into the secret `Coralogix` (docs/deployment.md).
 */
export const coralogix: { readonly domain: string } | null = production ? { domain: 'eu2.coralogix.com' } : null;

const XRAY = { actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] };

$transform(sst.aws.Function, (args) => {
  args.runtime ??= 'nodejs24.x';
  args.architecture ??= 'arm64';
  args.memory ??= '512 MB';
  args.logging ??= { format: 'json', retention: logRetention };
  args.permissions = $output(args.permissions).apply((permissions) => [...(permissions ?? []), XRAY]);
  args.transform = { ...args.transform, function: { tracingConfig: { mode: 'Active' } } };
});

/**
 * For every secret, SST's own of Redis included. Outside production a stage is removed and made again at will, and the
 * name of a secret in recovery could not be used.
 */
$transform(aws.secretsmanager.Secret, (args) => {
  if (args !== undefined) args.recoveryWindowInDays = production ? 30 : 0;
});

/**
 * Non-sensitive settings. The call limits are what this integration allows itself, below what Salesforce allows the
 * org (Enterprise: 100,000 a day and 1,000 more per licence); `Sforce-Limit-Info` corrects them downward.
 */
export const settings = new sst.Linkable('Settings', {
  properties: {
    stage: $app.stage,
    logLevel: production ? 'INFO' : 'DEBUG',
    livemode: production,
    salesforceApiVersion: SALESFORCE_API_VERSION,
    stripeApiVersion: STRIPE_API_VERSION,
    callsPerMinute: 600,
    callsPerHour: 10_000,
    callsPerDay: production ? 80_000 : 12_000,
    // Bulk stops at 80 % of any window, urgent events that can wait a little at 95 %.
    realtimeReserve: 0.2,
    lowValueReserve: 0.05,
    stripeCallsPerSecond: stripeLimits.perSecond,
    stripeCallsPerEndpoint: stripeLimits.perEndpoint,
    // Five bad answers in a row open the circuit: one less than a machine's tries, so that the fifth failure of a lone
    // execution already waits. A slow answer is one that the org counts among its 25 long requests at once.
    circuitFailures: 5,
    circuitOpenSeconds: 10,
    circuitLongestOpenSeconds: 60,
    // Longer than a login (10 s) and a call (25 s) together.
    circuitProbeSeconds: 45,
    circuitSlowSeconds: 20,
    // One Collections call takes 200 rows, a Bulk job at least seven calls: ten calls' worth of rows is the break-even
    // that Salesforce advises too (2,000).
    bulkAbove: 2_000,
    flushAbove: 2_000,
    // The flush runs each minute, give or take some seconds.
    statusEverySeconds: 50,
    // EventBridge asks to wait ten minutes before what was just received is looked for in the archive.
    replayMarginSeconds: 900,
    archiveLagSeconds: 900,
    sweepGraceSeconds: 600,
    // Lines are in the log after some seconds.
    sweepSecondLookSeconds: 30,
  },
});
