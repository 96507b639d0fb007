import { group } from '../frame/command.ts';
import { secretsRotateCommand } from './rotate.ts';
import { secretsSetCommand } from './set.ts';
import { secretsStatusCommand } from './status.ts';

export const secretsCommands = group({
  name: 'secrets',
  summary: 'The credentials in Secrets Manager: asked for, tried, stored, rotated; never shown',
  commands: [secretsStatusCommand, secretsSetCommand, secretsRotateCommand],
  examples: [
    ['secrets status --stage production', 'Are they there, and how old?'],
    ['secrets set StripeApiKey --stage dev', 'The first one; it is asked for.'],
    ['secrets rotate SalesforceClient --stage production', 'A new one, while events flow.'],
  ],
});
