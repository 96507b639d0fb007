/** The alarms on what the functions measure themselves: the table is packages/core/src/alarms.ts. */
import { ALARMS, type Alarm, type Watch } from '../../packages/core/src/alarms.ts';
import { NAMESPACE } from '../../packages/core/src/metrics.ts';
import { production } from '../stage.ts';
import { said } from './alarm.ts';

const COMPARISONS = {
  above: 'GreaterThanThreshold',
  from: 'GreaterThanOrEqualToThreshold',
  below: 'LessThanThreshold',
} as const;

const alarms: Readonly<Record<string, Alarm>> = ALARMS;

for (const [name, what] of Object.entries(alarms)) {
  new aws.cloudwatch.MetricAlarm(`${name}Alarm`, {
    ...said(name, what),
    ...watched(what.watch, what.every * 60),
    evaluationPeriods: what.times,
    comparisonOperator: COMPARISONS[what.rings],
    threshold: what.threshold,
    treatMissingData: what.silence === 'bad' ? 'breaching' : 'notBreaching',
    // It shows its state everywhere, and wakes nobody where silence is ordinary.
    actionsEnabled: what.onlyProduction !== true || production,
  });
}

function watched(watch: Watch, period: number) {
  if ('percent' in watch) {
    const { percent, of: whole, atLeast } = watch;
    const sum = (id: string, metricName: string) => ({
      id,
      metric: { namespace: NAMESPACE, metricName, dimensions: { Stage: $app.stage }, stat: 'Sum', period },
    });
    return {
      metricQueries: [
        {
          id: 'share',
          expression: `IF(whole >= ${atLeast}, 100 * FILL(part, 0) / whole, 0)`,
          label: `${percent} of ${whole}, %`,
          returnData: true,
        },
        sum('part', percent),
        sum('whole', whole),
      ],
    };
  }
  const { metric, dimensions = {}, statistic } = watch;
  return {
    namespace: NAMESPACE,
    metricName: metric,
    dimensions: { Stage: $app.stage, ...dimensions },
    ...(statistic === 'p95' ? { extendedStatistic: statistic } : { statistic }),
    period,
  };
}
