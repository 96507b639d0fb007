import { group } from '../frame/command.ts';
import { discardCommand } from './discard.ts';
import { listCommand } from './list.ts';
import { redriveCommand } from './redrive.ts';
import { showCommand } from './show.ts';

export const dlqCommands = group({
  name: 'dlq',
  summary: 'Looks after what did not get where it should: dead-letter queues and rows that were given up',
  commands: [listCommand, showCommand, redriveCommand, discardCommand],
  examples: [
    ['dlq list --stage production', 'What did not get where it should, and why?'],
    ['dlq show FailedExecutions --stage production', 'Which events are those?'],
    ['dlq redrive FailedExecutions --stage production', 'Once the cause is gone.'],
    ['dlq discard Unrouted --stage production --reason topup.created', 'What nobody wants.'],
  ],
});
