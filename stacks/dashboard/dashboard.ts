/** One page on which the whole road can be seen. */
import { prefix } from '../stage.ts';
import { rows } from './rows.ts';
import { dashboardBody } from './widget.ts';

export const dashboard = new aws.cloudwatch.Dashboard('Dashboard', {
  dashboardName: prefix,
  dashboardBody: $jsonStringify(dashboardBody(rows)),
});
