/** The bus between the door and the lanes, its archive, and the queue of what no lane takes. */
import { allowRules, deadLetterQueue } from './dead-letter.ts';
import { archivePattern, unroutedPatterns } from './patterns.ts';
import { logRetentionInDays, prefix, production } from './stage.ts';
import { ARCHIVE_DAYS, PATIENT_TRIES } from './waiting.ts';

const made = new sst.aws.Bus('Events', {
  transform: { bus: { name: `${prefix}-bus`, logConfig: { level: 'ERROR', includeDetail: 'NONE' } } },
});
export const busName = made.name;

/**
 * Rules that `payments-ops replay` makes for one replay and removes at its end: they hand the events of some types or
 * objects to the lanes' own targets.
 */
export const replayRules = made.arn.apply((arn) => `${arn.replace(':event-bus/', ':rule/')}/${prefix}-replay-*`);

const busLogs = new aws.cloudwatch.LogGroup('BusLogs', {
  name: `/aws/vendedlogs/events/event-bus/${prefix}`,
  retentionInDays: logRetentionInDays,
});
const source = new aws.cloudwatch.LogDeliverySource('BusLogSource', {
  name: `${prefix}-bus-errors`,
  resourceArn: made.arn,
  logType: 'ERROR_LOGS',
});
const destination = new aws.cloudwatch.LogDeliveryDestination('BusLogDestination', {
  name: `${prefix}-bus-errors`,
  deliveryDestinationConfiguration: { destinationResourceArn: busLogs.arn },
});
new aws.cloudwatch.LogDelivery('BusLogDelivery', {
  deliverySourceName: source.name,
  deliveryDestinationArn: destination.arn,
});

/** Publishing and nothing else; SST's own link of a bus would allow `events:*`. */
export const bus = new sst.Linkable('Bus', {
  properties: { name: made.name, arn: made.arn },
  include: [sst.aws.permission({ actions: ['events:PutEvents', 'events:DescribeEventBus'], resources: [made.arn] })],
});

export const busArn = made.arn;

export const archive = new aws.cloudwatch.EventArchive(
  'Archive',
  {
    name: `${prefix}-stripe`,
    description: 'Every accepted Stripe event, for replay',
    eventSourceArn: made.arn,
    eventPattern: JSON.stringify(archivePattern),
    retentionDays: ARCHIVE_DAYS,
  },
  { retainOnDelete: production },
);

export const unrouted = deadLetterQueue('Unrouted');
const unroutedUndelivered = deadLetterQueue('UnroutedUndelivered');

export const unroutedRules = Object.entries(unroutedPatterns).map(([what, pattern]) => {
  const name = `Unrouted${what[0]?.toUpperCase()}${what.slice(1)}`;
  const rule = new aws.cloudwatch.EventRule(name, {
    name: `${prefix}-unrouted-${what}`,
    description: 'Accepted from Stripe, taken by no lane',
    eventBusName: made.name,
    eventPattern: JSON.stringify(pattern),
  });
  new aws.cloudwatch.EventTarget(`${name}Target`, {
    rule: rule.name,
    eventBusName: made.name,
    arn: unrouted.arn,
    deadLetterConfig: { arn: unroutedUndelivered.arn },
    retryPolicy: PATIENT_TRIES,
  });
  return { name, rule };
});
const unroutedArns = unroutedRules.map(({ rule }) => rule.arn);
allowRules('Unrouted', unrouted, unroutedArns);
allowRules('UnroutedUndelivered', unroutedUndelivered, unroutedArns);
