import { group } from '../frame/command.ts';
import { secretsRotateCommand } from './rotate.ts';
import { secretsSetCommand } from './set.ts';
import { secretsStatusCommand } from './status.ts';

export const secretsCommands = group({
  name: 'secrets',
  summary: 'The credentials in Secrets Manager: asked for, tried, stored, rotated; never shown',
  commands: [secretsStatusCommand, secretsSetCommand, secretsRotateCommand],
});
