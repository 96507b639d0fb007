/** Where a message can wait or die there is an alarm; each says what it means for people and where to read on. */
import './alarms/ingress.ts';
import './alarms/bus.ts';
import './alarms/queues.ts';
import './alarms/machines.ts';
import './alarms/functions.ts';
import './alarms/redis.ts';
import './alarms/measured.ts';
import { webhookUrl } from './ingress.ts';

export const outputs = { webhook: webhookUrl };
