import { createHash } from 'node:crypto';
import * as v from 'valibot';

/**
 * fauxqs refuses characters above U+FFFF, which SQS takes (docs: SendMessage, "#x10000 to #x10FFFF"): an emoji in a customer's
 * name. So they lie in its queues as pairs of private characters, 0x800 above their surrogates; a private character that was
 * sent as such is marked. A lone surrogate is no character and stays one, to be refused.
 */
const SHIFT = 0x800;
const MARK = '\uf8fe';

export function carried(text: string): string {
  return text
    .replace(/[\ue000-\ue7ff\uf8fe]/g, `${MARK}$&`)
    .replace(/[\ud800-\udbff][\udc00-\udfff]/g, (pair) => shifted(pair, SHIFT));
}

export function uncarried(text: string): string {
  return text.replace(
    /\uf8fe([\ue000-\ue7ff\uf8fe])|[\ue000-\ue3ff][\ue400-\ue7ff]/g,
    (found, marked: string | undefined) => marked ?? shifted(found, -SHIFT),
  );
}

function shifted(pair: string, by: number): string {
  return String.fromCharCode(pair.charCodeAt(0) + by, pair.charCodeAt(1) + by);
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

const Sent = v.looseObject({ MessageBody: v.string() });
const SentBatch = v.looseObject({ Entries: v.array(v.looseObject({ Id: v.string(), MessageBody: v.string() })) });
const Received = v.looseObject({ Messages: v.array(v.looseObject({ Body: v.string(), MD5OfBody: v.string() })) });
const Kept = v.looseObject({ MD5OfMessageBody: v.string() });
const KeptBatch = v.looseObject({ Successful: v.array(v.looseObject({ Id: v.string() })) });

/** A request of SQS as fauxqs takes it. */
export function carriedRequest(input: unknown): unknown {
  if (v.is(Sent, input)) return { ...input, MessageBody: carried(input.MessageBody) };
  if (!v.is(SentBatch, input)) return input;
  return { ...input, Entries: input.Entries.map((entry) => ({ ...entry, MessageBody: carried(entry.MessageBody) })) };
}

/** fauxqs' answer to `input` as SQS gives it: clients compare the digests with what they sent and received. */
export function uncarriedAnswer(input: unknown, answer: unknown): unknown {
  if (v.is(Received, answer)) return { ...answer, Messages: answer.Messages.map(receivedMessage) };
  if (v.is(Sent, input) && v.is(Kept, answer)) return { ...answer, MD5OfMessageBody: md5(input.MessageBody) };
  if (!v.is(SentBatch, input) || !v.is(KeptBatch, answer)) return answer;
  const bodies = new Map(input.Entries.map(({ Id, MessageBody }) => [Id, MessageBody]));
  const kept = answer.Successful.map((entry) => ({ ...entry, MD5OfMessageBody: md5(bodies.get(entry.Id) ?? '') }));
  return { ...answer, Successful: kept };
}

function receivedMessage(message: { readonly Body: string; readonly MD5OfBody: string }) {
  const Body = uncarried(message.Body);
  return Body === message.Body ? message : { ...message, Body, MD5OfBody: md5(Body) };
}
