import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { runOps } from '../../test/run-ops.ts';
import { COMMANDS } from '../program.ts';
import { command } from './command.ts';
import { InstantSchema } from './instant.ts';
import { NotReached } from './problem.ts';

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

describe('help', () => {
  it('of every command has examples and the options that all share', async () => {
    const { out } = await runOps(['--help']);
    const names = [...out.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThanOrEqual(COMMANDS.length);
    for (const name of names) {
      const help = await runOps([name, '--help']);
      expect(help.exit).toBe(0);
      if (help.out.includes('\nCommands:')) continue;
      expect(help.out).toContain('Examples:\n  $ payments-ops ');
      expect(help.out).toContain('--json');
    }
  });
});
