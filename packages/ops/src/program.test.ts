import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { runOps } from '../test/run-ops.ts';
import { COMMANDS } from './program.ts';

/** `dlq list`, `doctor`: every command that does something, as it is typed. */
const leaves = (command: Command, above = ''): readonly string[] => {
  const name = `${above}${command.name()}`;
  return command.commands.length === 0 ? [name] : command.commands.flatMap((each) => leaves(each, `${name} `));
};
const LINES = COMMANDS.flatMap((make) => leaves(make(async () => {})));

describe('every command', () => {
  it('is among those that are asked here', () => {
    expect(LINES).toEqual(
      expect.arrayContaining(['status', 'doctor', 'dlq list', 'dlq redrive', 'secrets status', 'webhook roll']),
    );
  });

  it.each(LINES)('%s refuses an option that it does not have, before it reaches for anything', async (line) => {
    // Nobody answers there: a command that went on would end with 3.
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const { exit, out, err } = await runOps([...line.split(' '), '--nonsense'], { env });
    expect([exit, out]).toEqual([2, '']);
    expect(err).toContain("unknown option '--nonsense'");
    expect(err).toContain(`(payments-ops ${line} --help has examples)`);
  });

  it.each([
    ['webhook roll --learn soon', '--learn takes whole seconds'],
    ['webhook roll --drain -1', '--drain takes whole seconds'],
    ['webhook roll --patience 1.5', '--patience takes whole seconds'],
    ['webhook status --url here', '--url takes an address'],
    ['secrets rotate Everything', '<name> is StripeSigningSecret, StripeApiKey or SalesforceClient'],
    ['reconcile --csv /nowhere/found.csv', '--csv: there is no folder /nowhere'],
    ['secrets set SalesforceClient', 'SalesforceClient needs --login-url and --client-id'],
    ['secrets rotate StripeApiKey --finish', '--finish is for StripeSigningSecret alone'],
  ])('%s: 2, and says why', async (line, message) => {
    const { exit, err } = await runOps(line.split(' '), { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } });
    expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
