/**
 * `npm run coralogix [stage]`: writes dashboard.json and alerts/*.json beside this file, from the tables of metrics and
 * alarms. `production` is what is committed; README.md says how to apply them.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { alerts } from './alerts.ts';
import { dashboard } from './dashboard.ts';

const [stage = 'production'] = process.argv.slice(2);
if (!/^[a-z0-9-]{1,40}$/.test(stage)) throw new Error(`not a stage: ${stage}`);
const here = import.meta.dirname;
const text = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

await writeFile(path.join(here, 'dashboard.json'), text(dashboard(stage)));
const folder = path.join(here, 'alerts');
await mkdir(folder, { recursive: true });
for (const file of await readdir(folder)) await rm(path.join(folder, file));
for (const { file, definition } of alerts(stage)) await writeFile(path.join(folder, file), text(definition));
console.log(`written for ${stage}: dashboard.json, ${alerts(stage).length} alerts`);
