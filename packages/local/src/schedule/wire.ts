/** EventBridge Scheduler's GetSchedule, of the default group: what a schedule would start on AWS, and when. */
import type { RestService } from '../aws/server.ts';
import type { Graph } from '../graph/graph.ts';

const PATH = /^\/schedules\/([\w.-]{1,64})$/;

export function schedulesService(schedules: Graph['schedules'], place: Pick<Graph, 'account' | 'region'>): RestService {
  return ({ method, path }) => {
    const [, name] = method === 'GET' ? (PATH.exec(path) ?? []) : [];
    if (name === undefined) return null;
    const schedule = schedules.find((each) => each.name === name);
    if (schedule === undefined) {
      return {
        status: 404,
        headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
        body: JSON.stringify({ Message: `Schedule ${name} does not exist.` }),
      };
    }
    const { expression, enabled, targetArn, input, roleArn, retryPolicy, deadLetterArn } = schedule;
    const body = {
      Arn: `arn:aws:scheduler:${place.region}:${place.account}:schedule/default/${name}`,
      Name: name,
      GroupName: 'default',
      State: enabled ? 'ENABLED' : 'DISABLED',
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'NONE',
      Target: {
        Arn: targetArn,
        RoleArn: roleArn,
        ...(input === null ? {} : { Input: input }),
        RetryPolicy: {
          MaximumEventAgeInSeconds: retryPolicy?.maximumEventAgeInSeconds ?? 86_400,
          MaximumRetryAttempts: retryPolicy?.maximumRetryAttempts ?? 185,
        },
        ...(deadLetterArn === null ? {} : { DeadLetterConfig: { Arn: deadLetterArn } }),
      },
    };
    return { status: 200, body: JSON.stringify(body) };
  };
}
