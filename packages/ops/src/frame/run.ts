import { CommanderError } from 'commander';
import { COMMANDS, createProgram, withoutValues } from '../program.ts';
import type { OpsCommand, Report, Runner } from './command.ts';
import { concealing } from './conceal.ts';
import { folded } from './fold.ts';
import type { Io } from './io.ts';
import { EXIT, type ExitCode, Interrupted, NotConfirmed, problemOf } from './problem.ts';
import { progressOn } from './progress.ts';

/** Runs one command line (without node and script) and gives its exit code. Never throws. */
export async function run(
  args: readonly string[],
  world: Io,
  commands: readonly OpsCommand[] = COMMANDS,
): Promise<ExitCode> {
  const { io, conceal } = concealing(world);
  const display = progressOn(io);
  const stopping = () => display.say('stopping after what is under way … (once more: at once)');
  io.signal.addEventListener('abort', stopping, { once: true });
  let json = args.includes('--json');
  let exit: ExitCode = EXIT.done;
  const print = ({ data, text }: Report): void =>
    io.out(json ? `${JSON.stringify(data, null, 2)}\n` : folded(text(io.paint), io.columns));

  const runner: Runner = async (command, { yes }) => {
    const options = program.opts();
    json = options.json === true;
    let known: ReturnType<typeof connect> | null = null;
    const connect = async () => {
      const { deploymentOf } = await import('../deployment/deployment.ts');
      return deploymentOf({ ...options, env: io.env, conceal });
    };
    const report = await command({
      io,
      json,
      show: print,
      conceal,
      deployment: () => {
        known ??= connect();
        return known;
      },
      progress: display.start,
      confirm: async ({ preview, question }) => {
        if (yes) return;
        io.err(`${folded(preview, io.columns)}\n`);
        if (!io.canAsk) throw new NotConfirmed('this changes data and nobody can be asked here: say --yes');
        if (!(await io.confirm(question))) throw new NotConfirmed('nothing was changed');
      },
    });
    print(report);
    exit = io.signal.aborted ? EXIT.interrupted : report.wrong === true ? EXIT.somethingWrong : EXIT.done;
  };

  const program = createProgram(commands, io, runner);
  try {
    await program.parseAsync(localLast(args), { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version were printed, or commander has said on standard error what it does not understand.
      if (error.exitCode === 0) return EXIT.done;
      const message =
        error.code === 'commander.help' ? 'which command? --help lists them' : withoutValues(error.message);
      if (json) io.out(`${JSON.stringify({ error: { code: 'WrongUsage', message } }, null, 2)}\n`);
      return EXIT.wrongUsage;
    }
    const interrupted = io.signal.aborted && !(error instanceof Interrupted);
    const problem = problemOf(interrupted ? new Interrupted('interrupted') : error);
    io.err(`${folded(`payments-ops: ${problem.message}`, io.columns)}\n`);
    if (json) io.out(`${JSON.stringify({ error: { code: problem.code, message: problem.message } }, null, 2)}\n`);
    return problem.exit;
  } finally {
    io.signal.removeEventListener('abort', stopping);
  }
}

const ADDRESS = /^(https?:|localhost\b|127\.|\[)/;

/** `--local evt_1`: the word behind it is only taken for its address when it looks like one. */
function localLast(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--local');
  const next = args[at + 1];
  if (at < 0 || next === undefined || next.startsWith('-') || ADDRESS.test(next)) return args;
  return [...args.slice(0, at), ...args.slice(at + 1), '--local'];
}
