/** Whom alarms reach: `critical` pages, `warning` is read in the morning. Who that is stands in a secret, not in the code. */
import { alarmReceivers } from '../secrets.ts';
import { prefix } from '../stage.ts';

// Without the key `alias/aws/sns`: its policy shuts out CloudWatch, whose alarms would then never arrive
// (repost.aws/knowledge-center/cloudwatch-configure-alarm-sns). An alarm says nothing about a person.
export const topics = {
  critical: new aws.sns.Topic('Critical', { name: `${prefix}-critical` }),
  warning: new aws.sns.Topic('Warning', { name: `${prefix}-warning` }),
};

/** `{"pagerDuty":"https://events.pagerduty.com/integration/…/enqueue","email":"…"}`, either of them or nothing. */
type Receivers = { readonly pagerDuty?: unknown; readonly email?: unknown };

/** The secret's text when the stacks are deployed; `null` while it is empty, as it is on the first day. */
async function receivers(secretId: string): Promise<Receivers> {
  const { versions = [] } = await aws.secretsmanager.getSecretVersions({ secretId });
  const filled = versions.some(({ versionStages }) => versionStages?.includes('AWSCURRENT'));
  if (!filled) return {};
  const { secretString } = await aws.secretsmanager.getSecretVersion({ secretId });
  return JSON.parse(secretString);
}

alarmReceivers.apply(receivers).apply(({ pagerDuty, email }) => {
  if (typeof pagerDuty === 'string' && pagerDuty !== '') {
    if (!pagerDuty.startsWith('https://')) throw new Error('AlarmReceivers: pagerDuty is an https:// address');
    new aws.sns.TopicSubscription('PagerDuty', {
      topic: topics.critical.arn,
      protocol: 'https',
      // It holds PagerDuty's integration key.
      endpoint: $util.secret(pagerDuty),
      endpointAutoConfirms: true,
    });
  }
  if (typeof email === 'string' && email !== '') {
    // AWS asks the address once whether it wants this.
    for (const [name, topic] of Object.entries(topics)) {
      new aws.sns.TopicSubscription(`Email-${name}`, { topic: topic.arn, protocol: 'email', endpoint: email });
    }
  }
});
