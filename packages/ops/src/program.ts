import { Command } from 'commander';
import { backfillCommand } from './backfill/backfill.ts';
import { dlqCommands } from './dlq/dlq.ts';
import { doctorCommand } from './doctor/doctor.ts';
import { explainCommand } from './explain/explain.ts';
import type { OpsCommand, Runner } from './frame/command.ts';
import type { Io } from './frame/io.ts';
import { reconcileCommand } from './reconcile/reconcile.ts';
import { replayCommand } from './replay/replay.ts';
import { secretsCommands } from './secrets/secrets.ts';
import { simulateCommand } from './simulate/simulate.ts';
import { statusCommand } from './status/status.ts';
import { sweepCommand } from './sweep/sweep.ts';
import { traceCommand } from './trace/trace.ts';
import { webhookCommands } from './webhook/webhook.ts';

/** Every command, in the order in which an operator meets them. One folder each. */
export const COMMANDS: readonly OpsCommand[] = [
  statusCommand,
  traceCommand,
  explainCommand,
  simulateCommand,
  replayCommand,
  dlqCommands,
  backfillCommand,
  sweepCommand,
  reconcileCommand,
  doctorCommand,
  webhookCommands,
  secretsCommands,
];

const AFTER = `
Which deployment:
  --stage production   AWS, with the region and credentials of your environment
                       (AWS_PROFILE, AWS_REGION)
  --local              npm start on this machine; --local http://127.0.0.1:14566
                       for another port
  PAYMENTS_STAGE and AWS_ENDPOINT_URL say the same in the environment.

Exit codes:
  0 done                                     1 done, and something is wrong
  2 wrong usage                              4 not confirmed
  3 a system was not reached, or refused us  130 interrupted
  70 a fault of this program

Examples:
  $ payments-ops status --stage production
      How is it?
  $ payments-ops trace evt_1PqRsT --stage production
      Where is this event?
  $ payments-ops explain event.json
      What an event would do. Nothing is sent.
`;

export function createProgram(commands: readonly OpsCommand[], io: Io, runner: Runner): Command {
  const program = new Command('payments-ops')
    .description('Looks after a deployment of the Stripe and Salesforce integration.')
    .option('--stage <name>', 'the deployment on AWS')
    .option('--local [url]', 'npm start on this machine (http://127.0.0.1:4566)')
    .option('--region <name>', 'the AWS region; else that of your environment')
    .option('--json', 'print one JSON object')
    .helpCommand(false)
    .addHelpText('after', AFTER);
  const width = () => io.columns ?? 120;
  for (const make of commands) program.addCommand(make(runner));
  for (const command of everyCommand(program)) {
    command
      .configureHelp({ showGlobalOptions: true })
      .exitOverride()
      .configureOutput({
        ...{ writeOut: io.out, writeErr: io.err, getOutHelpWidth: width, getErrHelpWidth: width },
        outputError: (message, write) => write(withoutValues(message)),
      });
    command.showHelpAfterError(`(payments-ops ${pathOf(command)}--help has examples)`);
  }
  return program;
}

/** What a person wrote too much may be a secret (`secrets set StripeApiKey …`): commander would repeat it. */
export function withoutValues(message: string): string {
  return message.replace(/(but got \d+): [\s\S]*?\.$/m, '$1.').replace(/(unknown option '--[^='\n]+)=[^\n]*'/, "$1'");
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)}${command.name()} `;
}
