import { group } from '../frame/command.ts';
import { webhookCreateCommand } from './create.ts';
import { webhookRollCommand } from './roll.ts';
import { webhookStatusCommand } from './status.ts';

export const webhookCommands = group({
  name: 'webhook',
  summary: 'The webhook endpoint in Stripe: as routes.ts says, and its secret rolled',
  commands: [webhookStatusCommand, webhookCreateCommand, webhookRollCommand],
});
