import * as v from 'valibot';
import type { Undelivered } from '../adapters/stripe-webhooks.ts';
import { type Context, command, type Report } from '../frame/command.ts';
import { counted } from '../frame/counted.ts';
import { Interrupted, WrongUsage } from '../frame/problem.ts';
import { type Account, accountOf, KEY_OPTIONS } from './account.ts';
import { createQuiet, removeUnfinished } from './create.ts';
import { isSilent, NOTES, type Roll, rollOf, type Seen, secretsWithout, WANTED_EVENTS } from './standing.ts';
import { endpointsAt, WebhookInput } from './status.ts';

const seconds = (fallback: string) =>
  v.pipe(v.optional(v.string(), fallback), v.regex(/^\d{1,6}$/, 'takes whole seconds'), v.transform(Number));

/** As long as the ingress keeps the secrets that it has read (functions/src/ingress/signing-keys.ts: CACHE_MS). */
const LEARN_SECONDS = '300';
/** A delivery that Stripe began before the old endpoint went is signed with the old secret. */
const DRAIN_SECONDS = '60';
const LOOK_EVERY_MS = 5_000;

const Input = v.object({
  ...WebhookInput,
  learn: seconds(LEARN_SECONDS),
  drain: seconds(DRAIN_SECONDS),
  patience: seconds('600'),
});
type Input = v.InferOutput<typeof Input>;

export const webhookRollCommand = command({
  name: 'roll',
  summary: 'Replaces the signing secret, or an outdated API version, without a refused event',
  detail:
    "Stripe's API cannot roll the secret of an endpoint (the Dashboard can: then use secrets rotate), so a second endpoint at\nthe same address takes over: made silent, its secret stored, then both deliver (an event that comes twice is handled once),\nand the old one goes when nothing from before the change is undelivered. Interrupted, it goes on where it was.",
  options: [
    ...KEY_OPTIONS,
    { flags: '--learn <seconds>', description: `until every instance has read the new secret (${LEARN_SECONDS})` },
    { flags: '--patience <seconds>', description: 'how long to wait for what is undelivered (600); later: again' },
    { flags: '--drain <seconds>', description: `the old secret stays so long after its endpoint (${DRAIN_SECONDS})` },
  ],
  changesData: true,
  examples: [
    ['webhook roll --stage production --ask-key', 'Every 90 days; takes about seven minutes.'],
    ['webhook roll --stage production --ask-key --yes', 'Goes on with a roll that was interrupted.'],
  ],
  input: Input,
  run: roll,
});

async function roll(input: Input, context: Context): Promise<Report> {
  const account = await accountOf(input, context);
  const found = rollOf(await endpointsAt(account));
  if (found.kind === 'none') throw new WrongUsage('there is no enabled endpoint at this address: webhook create');
  if (found.kind === 'several') {
    throw new WrongUsage('several endpoints share this address: delete all but one in the Dashboard first');
  }
  await context.confirm({ preview: previewOf(found), question: 'Go on?' });
  if (found.kind === 'ending') {
    // Somebody deleted the old one by hand before the new one was woken.
    const awake = !isSilent(found.next) || (await takeOver(found.next, input, account, context)) !== null;
    if (!awake) throw new Interrupted('interrupted: webhook roll goes on with it, and Stripe sends nothing until then');
    return end(found.next.id, input, account, context);
  }
  const { old } = found;
  const next = found.kind === 'rolling' ? found.next : await begin(old, account, context);
  const since = await takeOver(next, input, account, context);
  const late = since === null ? [] : await waitForTheUndelivered(since, input, account, context);
  if (late.length > 0 || context.io.signal.aborted) return unfinished(old, next, since !== null, late);
  await account.stripe.remove(old.id);
  return end(next.id, input, account, context);
}

function previewOf(found: Exclude<Roll, { readonly kind: 'none' } | { readonly kind: 'several' }>): string {
  if (found.kind === 'ready') {
    return `A new endpoint will take over from ${found.old.id}, which is deleted in the end; so is its secret.`;
  }
  if (found.kind === 'rolling') return `${found.next.id} is taking over from ${found.old.id}; this goes on with it.`;
  return `${found.next.id} has taken over; the secret of its predecessor is still to be removed.`;
}

async function begin(old: Seen, account: Account, context: Context): Promise<Seen> {
  await removeUnfinished(account);
  const replacedSecret = old.metadata[NOTES.secret] ?? 'unknown';
  return createQuiet(account, context, { [NOTES.replaces]: old.id, [NOTES.replacedSecret]: replacedSecret });
}

/** Gives the second from which both deliver; `null`: interrupted before. */
async function takeOver(next: Seen, { learn }: Input, account: Account, context: Context): Promise<number | null> {
  const noted = next.metadata[NOTES.since];
  if (noted !== undefined && /^\d{1,12}$/.test(noted)) return Number(noted);
  await wait('the ingress learns the new secret', learn, context);
  if (context.io.signal.aborted) return null;
  const since = Math.ceil(context.io.nowMs() / 1_000);
  await account.stripe.update(next.id, { enabled_events: WANTED_EVENTS, metadata: { [NOTES.since]: String(since) } });
  return since;
}

async function waitForTheUndelivered(
  since: number,
  { patience }: Input,
  account: Account,
  { io }: Context,
): Promise<readonly Undelivered[]> {
  const THREE_DAYS = 3 * 86_400;
  const until = io.nowMs() + patience * 1_000;
  for (;;) {
    const late = (await account.stripe.undelivered(since - THREE_DAYS, since)).filter(({ type }) =>
      WANTED_EVENTS.includes(type),
    );
    if (late.length === 0 || io.signal.aborted || io.nowMs() >= until) return late;
    io.err(`${counted(late.length, 'event')} from before the change not delivered yet; Stripe tries again\n`);
    await io.sleep(LOOK_EVERY_MS);
  }
}

/** The old endpoint is gone: its secret follows when its last deliveries have ended. A repeated roll comes back to here. */
async function end(nextId: string, { drain }: Input, account: Account, context: Context): Promise<Report> {
  await wait('deliveries of the old endpoint end', drain, context);
  const remaining = await endpointsAt(account);
  const secrets = await account.secrets();
  const gone = remaining.find(({ id }) => id === nextId)?.metadata[NOTES.replacedSecret] ?? 'unknown';
  const kept = secretsWithout(secrets, gone, remaining);
  if (kept.length > 0 && kept.length < secrets.length) await account.keepSecrets(kept);
  await account.stripe.update(nextId, {
    metadata: { [NOTES.replaces]: '', [NOTES.replacedSecret]: '', [NOTES.since]: '' },
  });
  return {
    data: { outcome: 'rolled', endpoint: nextId, secrets: kept.length },
    text: (paint) =>
      `${paint('good', 'rolled')} ${nextId} delivers alone; signing secrets in Secrets Manager: ${kept.length}\n`,
  };
}

function unfinished(old: Seen, next: Seen, both: boolean, late: readonly Undelivered[]): Report {
  const stand = both
    ? `both ${old.id} and ${next.id} deliver`
    : `${old.id} delivers as before, ${next.id} is still silent`;
  const ahead =
    late.length > 0
      ? `${counted(late.length, 'event')} from before the change undelivered: run webhook roll again later, or sweep.`
      : 'webhook roll goes on with it.';
  return {
    data: { outcome: 'under way', endpoint: next.id, old: old.id, both, undelivered: late.map(({ id }) => id) },
    text: (paint) => `${paint('warning', 'under way')} ${stand}; nothing is refused.\n${ahead}\n`,
    wrong: true,
  };
}

async function wait(label: string, secondsToWait: number, { io, progress }: Context): Promise<void> {
  if (secondsToWait === 0) return;
  const bar = progress(label, secondsToWait);
  const startedAt = io.nowMs();
  for (let passed = 0; passed < secondsToWait && !io.signal.aborted; ) {
    await io.sleep(1_000);
    passed = Math.min(secondsToWait, Math.floor((io.nowMs() - startedAt) / 1_000));
    bar.to(passed, 's');
  }
  bar.end();
}
