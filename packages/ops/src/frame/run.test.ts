import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { runOps } from '../../test/run-ops.ts';
import { COMMANDS } from '../program.ts';
import { command } from './command.ts';
import { InstantSchema } from './instant.ts';
import { Interrupted, NotReached } from './problem.ts';

const about = { summary: 'A command of this test', examples: [['x', 'y']] as const };
const done: string[] = [];
const erase = command({
  ...about,
  name: 'erase',
  changesData: true,
  arguments: [{ name: '<what>', description: 'what' }],
  options: [{ flags: '--from <time>', description: 'when' }],
  input: v.object({ what: v.string(), from: v.optional(InstantSchema) }),
  run: async ({ what }, { confirm }) => {
    await confirm({ preview: `two rows of ${what}`, question: 'Erase them?' });
    done.push(what);
    return { data: { erased: 2 }, text: (paint) => `${paint('good', 'erased')} two\n` };
  },
});
const judge = command({
  ...about,
  name: 'judge',
  input: v.object({}),
  run: async () => ({ data: { ok: false }, text: () => 'not well\n', wrong: true }),
});
const fail = (error: unknown) => [
  command({
    ...about,
    name: 'fail',
    input: v.object({}),
    run: async () => {
      throw error;
    },
  }),
];

describe('a command that changes data', () => {
  it('shows what it would change and asks', async () => {
    const asked: string[] = [];
    const confirm = async (question: string) => {
      asked.push(question);
      return true;
    };
    const { exit, out, err } = await runOps(['erase', 'a'], { commands: [erase], canAsk: true, confirm });
    expect([exit, out, err, asked]).toEqual([0, 'erased two\n', 'two rows of a\n', ['Erase them?']]);
  });

  it('changes nothing when the answer is no', async () => {
    const { exit, err } = await runOps(['erase', 'b'], { commands: [erase], canAsk: true });
    expect([exit, done.includes('b')]).toEqual([4, false]);
    expect(err).toContain('nothing was changed');
  });

  it('refuses where nobody can be asked, unless --yes is said', async () => {
    const refused = await runOps(['erase', 'c'], { commands: [erase] });
    expect([refused.exit, done.includes('c')]).toEqual([4, false]);
    expect(refused.err).toContain('--yes');
    const { exit, json } = await runOps(['erase', 'c', '--yes', '--json'], { commands: [erase] });
    expect([exit, done.includes('c'), json()]).toEqual([0, true, { erased: 2 }]);
  });
});

describe('exit codes', () => {
  it('1: done, and something is wrong', async () =>
    expect(await runOps(['judge'], { commands: [judge] })).toMatchObject({ exit: 1, out: 'not well\n' }));

  it.each([
    ['an unknown command', ['nonsense'], "unknown command 'nonsense'"],
    ['an unknown option', ['erase', 'a', '--nonsense'], "unknown option '--nonsense'"],
    ['a missing argument', ['erase'], "missing required argument 'what'"],
    ['a value that is none', ['erase', 'a', '--from', 'yesterday'], '--from takes a time with its zone'],
  ])('2: %s', async (_, args, message) => {
    const { exit, err, out } = await runOps([...args, '--json'], { commands: [erase] });
    expect(exit).toBe(2);
    expect(err).toContain(message);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'WrongUsage' } });
  });

  it.each([
    ['our own word for it', new NotReached('Salesforce is not there')],
    ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED', address: '::1', port: 1 })],
    ['an answer of AWS', Object.assign(new Error('no'), { name: 'ExpiredTokenException', $metadata: {} })],
    ['no credentials', Object.assign(new Error('no'), { name: 'CredentialsProviderError' })],
  ])('3: %s', async (_, error) => {
    const { exit, json } = await runOps(['fail', '--json'], { commands: fail(error) });
    expect([exit, json()]).toEqual([3, { error: { code: 'NotReached', message: expect.any(String) } }]);
  });

  it('70: a fault of this program, with its stack', async () => {
    const { exit, err } = await runOps(['fail'], { commands: fail(new TypeError('x is not a function')) });
    expect(exit).toBe(70);
    expect(err).toMatch(/a fault of this program: TypeError: x is not a function\n {4}at /);
  });

  it('1: a file that cannot be had is told by its name, without a stack', async () => {
    const missing = await readFile('/nowhere/event.json').catch((error: unknown) => error);
    const { exit, err } = await runOps(['fail'], { commands: fail(missing) });
    expect([exit, err]).toEqual([1, 'payments-ops: /nowhere/event.json is not there (ENOENT)\n']);
  });

  it('130: interrupted, with what the command says of it', async () => {
    const words = new Interrupted('interrupted before the end: nothing was compared');
    const { exit, err } = await runOps(['fail'], { commands: fail(words), signal: AbortSignal.abort() });
    expect([exit, err]).toEqual([130, `payments-ops: ${words.message}\n`]);
  });

  it('130: interrupted, at work and at a question', async () => {
    const atQuestion = Object.assign(new Error('User force closed'), { name: 'ExitPromptError' });
    expect((await runOps(['fail'], { commands: fail(atQuestion) })).exit).toBe(130);
    const signal = AbortSignal.abort();
    expect((await runOps(['erase', 'd', '--yes'], { commands: [erase], signal })).exit).toBe(130);
  });
});

describe('a secret', () => {
  it('is printed nowhere, even where a command tries', async () => {
    const secret = 'whsec_"quoted"_0123456789';
    const leak = command({
      ...about,
      name: 'leak',
      input: v.object({}),
      run: async (_, { conceal, io }) => {
        conceal(secret);
        io.err(`${secret}\n`);
        return { data: { secret }, text: () => `${secret}\n` };
      },
    });
    for (const args of [['leak'], ['leak', '--json']]) {
      const { out, err } = await runOps(args, { commands: [leak] });
      expect(out + err).not.toContain('0123456789');
      expect(out + err).toContain('[secret]');
    }
  });
});

describe('what was typed in the wrong place', () => {
  it.each([
    ['secrets set StripeApiKey sk_live_0123456789abcdef', 'Expected 1 argument but got 2.'],
    ['secrets set SalesforceClient 0123456789abcdef', 'Expected 1 argument but got 2.'],
    ['secrets set StripeApiKey --secret=0123456789abcdef', "unknown option '--secret'"],
    ['secrets whsec_0123456789abcdef', "unknown command '[secret]'"],
    ['trace whsec_0123456789abcdef', '[secret] is an id of neither'],
  ])('is not repeated when it may be a secret: %s', async (line, message) => {
    const { exit, out, err } = await runOps([...line.split(' '), '--json']);
    expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
    expect(out + err).not.toContain('0123456789abcdef');
  });

  it('is no address of --local unless it looks like one', async () => {
    const seen: unknown[] = [];
    const see = command({
      ...about,
      name: 'see',
      arguments: [{ name: '<what>', description: 'what' }],
      input: v.object({ what: v.string() }),
      run: async ({ what }, { deployment }) => {
        seen.push(what);
        await deployment();
        return { data: {}, text: () => '' };
      },
    });
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const { exit, err } = await runOps(['--local', 'see', 'evt_1'], { commands: [see], env });
    expect([exit, seen, err]).toEqual([3, ['evt_1'], expect.stringContaining('127.0.0.1:1')]);
    const other = await runOps(['see', 'evt_2', '--local', 'http://127.0.0.1:2'], { commands: [see], env });
    expect(other.err).toContain('127.0.0.1:2');
  });
});

describe('a report', () => {
  it('is folded on a narrow terminal, and left whole for a pipe', async () => {
    const long = command({
      ...about,
      name: 'long',
      input: v.object({}),
      run: async () => ({ data: {}, text: () => '  last day  380 requests, 274 published\n' }),
    });
    const wide = await runOps(['long'], { commands: [long] });
    expect(wide.out).toBe('  last day  380 requests, 274 published\n');
    const { out } = await runOps(['long'], { commands: [long], columns: 30 });
    expect(out).toBe('  last day  380 requests, 274\n            published\n');
  });
});

describe('help', () => {
  it('of every command has examples and the options that all share', async () => {
    const { out } = await runOps(['--help']);
    const names = [...out.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThanOrEqual(COMMANDS.length);
    for (const name of names) {
      const help = await runOps([name, '--help']);
      expect(help.exit).toBe(0);
      expect(help.out).toContain('Examples:\n  $ payments-ops ');
      expect(help.out).toContain('--json');
    }
  });

  it('fits a terminal of 80 characters, commands to copy apart', async () => {
    for (const line of ['--help', 'replay --help', 'dlq redrive --help', 'backfill --help', 'webhook roll --help']) {
      const { out } = await runOps(line.split(' '), { columns: 80 });
      const wide = out.split('\n').filter((each) => each.length > 80 && !each.startsWith('  $ '));
      expect(wide).toEqual([]);
      // A sentence does not end in the middle of a line because the source's line did.
      expect(out).not.toMatch(/\n[a-z ]{1,20}\n[a-z]/);
    }
  });
});
