/** `npm run ops -- <command>` and `payments-ops <command>`. */
import { run } from './frame/run.ts';
import { terminal } from './frame/terminal.ts';

process.exitCode = await run(process.argv.slice(2), terminal());
