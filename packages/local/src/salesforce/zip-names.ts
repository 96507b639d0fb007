const CENTRAL_ENTRY = Buffer.from([0x50, 0x4b, 0x01, 0x02]);
const NAME_LENGTH_AT = 28;
const NAME_AT = 46;

/** The file names in a zip's central directory, wherever in `bytes` the zip lies. Empty when there is none. */
export function zipEntryNames(bytes: Uint8Array): readonly string[] {
  const buffer = Buffer.from(bytes);
  const names: string[] = [];
  for (let at = buffer.indexOf(CENTRAL_ENTRY); at >= 0; at = buffer.indexOf(CENTRAL_ENTRY, at + 4)) {
    if (at + NAME_AT > buffer.length) break;
    const length = buffer.readUInt16LE(at + NAME_LENGTH_AT);
    names.push(buffer.toString('utf8', at + NAME_AT, at + NAME_AT + length));
  }
  return names;
}
