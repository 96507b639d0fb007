/** Seeing it: where a message can wait or die there is an alarm, and one dashboard follows the road. */
import './alarms/ingress.ts';
import './alarms/bus.ts';
import './alarms/queues.ts';
import './alarms/machines.ts';
import './alarms/functions.ts';
import './alarms/redis.ts';
import './alarms/coralogix.ts';
import './alarms/measured.ts';
import './dashboard/dashboard.ts';
import { webhookUrl } from './ingress.ts';

export const outputs = { webhook: webhookUrl };
