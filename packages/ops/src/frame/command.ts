import { Argument, Command, Option } from 'commander';
import * as v from 'valibot';
import type { Deployment } from '../deployment/deployment.ts';
import type { Io } from './io.ts';
import type { Paint } from './paint.ts';
import { WrongUsage } from './problem.ts';
import type { Progress } from './progress.ts';

/** What a command found or did. The frame prints it once: `data` with --json, else `text`. */
export type Report = {
  readonly data: object;
  /** Ends with a line break. */
  readonly text: (paint: Paint) => string;
  /** Whether something is wrong: the exit code is 1. */
  readonly wrong?: boolean;
};

/** What the frame gives a command. */
export type Context = {
  readonly io: Io;
  /** The deployment that --stage, --local or AWS_ENDPOINT_URL name. Asked for once, on first use. */
  readonly deployment: () => Promise<Deployment>;
  readonly progress: (label: string, total: number) => Progress;
  /** Says what is about to change and asks. Throws NotConfirmed; --yes goes on without asking. */
  readonly confirm: (about: { readonly preview: string; readonly question: string }) => Promise<void>;
  /** This text is never printed from now on. */
  readonly conceal: (secret: string) => void;
  /** For a report before the last one (--watch, a preview). */
  readonly show: (report: Report) => void;
  /** Whether --json was asked for: a command then prints nothing for people. */
  readonly json: boolean;
};

export type Example = readonly [commandLine: string, whatItDoes: string];

/** One command, as data and one function. `run` is handed parsed input only. */
export type Spec<Schema extends v.GenericSchema> = {
  readonly name: string;
  /** One sentence without a full stop. */
  readonly summary: string;
  /** Further lines of its help. */
  readonly detail?: string;
  /** As commander writes them: `<id>`, `[file]`. Their names are the keys of `input`. */
  readonly arguments?: readonly { readonly name: string; readonly description: string }[];
  /** As commander writes them: `--from <time>`, `--watch`. Their camelCase names are the keys of `input`. */
  readonly options?: readonly { readonly flags: string; readonly description: string }[];
  /** Has --yes, and must call `confirm` before it changes anything. */
  readonly changesData?: boolean;
  /** After `payments-ops `. */
  readonly examples: readonly [Example, ...Example[]];
  readonly input: Schema;
  readonly run: (input: v.InferOutput<Schema>, context: Context) => Promise<Report>;
};

export type Runner = (
  run: (context: Context) => Promise<Report>,
  options: { readonly yes: boolean; readonly changesData: boolean },
) => Promise<void>;

/** A command that waits for the frame to give it its runner. */
export type OpsCommand = (runner: Runner) => Command;

export function command<Schema extends v.GenericSchema>(spec: Spec<Schema>): OpsCommand {
  return (runner) => {
    const made = new Command(spec.name).description(
      `${spec.summary}.${spec.detail === undefined ? '' : `\n\n${paragraphs(spec.detail)}`}`,
    );
    made.summary(spec.summary);
    for (const { name, description } of spec.arguments ?? []) made.addArgument(new Argument(name, description));
    for (const { flags, description } of spec.options ?? []) made.addOption(new Option(flags, description));
    if (spec.changesData) made.option('--yes', 'go on without asking');
    made.addHelpText('after', `\nExamples:\n${examples(spec.examples)}`);
    made.action(async () => {
      const options: Record<string, unknown> = made.opts();
      const args = made.registeredArguments.map((argument, index) => [argument.name(), made.processedArgs[index]]);
      const input = parsed(spec, { ...options, ...Object.fromEntries(args) });
      await runner((context) => spec.run(input, context), {
        yes: options.yes === true,
        changesData: spec.changesData === true,
      });
    });
    return made;
  };
}

/** A single line break is there for whoever reads the source; help is as wide as the reader's terminal. */
function paragraphs(detail: string): string {
  return detail.replace(/(?<!\n)\n(?!\n)/g, ' ');
}

/** Commands of one noun: `dlq list`, `dlq show`. */
export function group(about: {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly OpsCommand[];
  /** As an operator meets them, across its commands. */
  readonly examples: readonly [Example, ...Example[]];
}): OpsCommand {
  return (runner) => {
    const made = new Command(about.name).description(`${about.summary}.`).summary(about.summary).helpCommand(false);
    for (const each of about.commands) made.addCommand(each(runner));
    made.addHelpText('after', `\nExamples:\n${examples(about.examples)}`);
    return made;
  };
}

function parsed<Schema extends v.GenericSchema>(spec: Spec<Schema>, raw: object): v.InferOutput<Schema> {
  const result = v.safeParse(spec.input, raw);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const key = v.getDotPath(issue) ?? '';
  const why = issue.received === 'undefined' ? 'is missing' : issue.message;
  throw new WrongUsage(`${nameOf(spec, key)}${key === '' ? '' : ' '}${why}`);
}

/** How the person wrote it: `--from`, `<id>`. */
function nameOf(
  { options = [], arguments: args = [] }: Pick<Spec<v.GenericSchema>, 'options' | 'arguments'>,
  key: string,
) {
  const [top = ''] = key.split('.');
  const option = options.find(({ flags }) => new Option(flags).attributeName() === top);
  if (option !== undefined) return new Option(option.flags).long ?? top;
  return args.find(({ name }) => new Argument(name).name() === top)?.name ?? top;
}

function examples(all: readonly Example[]): string {
  return all.map(([line, what]) => `  $ payments-ops ${line}\n      ${what}`).join('\n');
}
