import { group } from '../frame/command.ts';
import { webhookCreateCommand } from './create.ts';
import { webhookRollCommand } from './roll.ts';
import { webhookStatusCommand } from './status.ts';

export const webhookCommands = group({
  name: 'webhook',
  summary: 'The webhook endpoint in Stripe: as routes.ts says, and its secret rolled',
  commands: [webhookStatusCommand, webhookCreateCommand, webhookRollCommand],
  examples: [
    ['webhook status --stage production', 'Is the endpoint as it should be?'],
    ['webhook create --stage dev --ask-key', 'After the first deployment, and after routes.ts has changed.'],
    ['webhook roll --stage production --ask-key', 'Every 90 days.'],
  ],
});
