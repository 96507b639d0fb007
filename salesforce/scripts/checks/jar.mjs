// Entries of a ZIP file (a jar is one), and what apex-ls's jars know of the standard objects. Needs no JDK.
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

/** @returns {{name: string, read: () => Buffer}[]} */
export function jarEntries(file) {
  const zip = readFileSync(file);
  let end = zip.length - 22;
  while (zip.readUInt32LE(end) !== 0x06054b50) end--; // end of central directory
  let at = zip.readUInt32LE(end + 16);
  return Array.from({ length: zip.readUInt16LE(end + 10) }, () => {
    const [method, size, nameLength, local] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28), zip.readUInt32LE(at + 42)];
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    const read = () => {
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const bytes = zip.subarray(start, start + size);
      return method === 8 ? inflateRawSync(bytes) : Buffer.from(bytes);
    };
    return { name, read };
  });
}

const CONSTANT_SIZES = { 3: 4, 4: 4, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 18: 4 }; // JVM specification, table 4.4-A

/** @returns {{name: string, descriptor: string}[]} the fields a class file declares */
export function classFields(bytes) {
  let at = 8;
  const u2 = () => bytes.readUInt16BE((at += 2) - 2);
  const strings = [];
  const constants = u2();
  for (let i = 1; i < constants; i++) {
    const tag = bytes[at++];
    if (tag === 1) {
      const length = u2();
      strings[i] = bytes.toString('utf8', at, (at += length));
    } else if (tag === 5 || tag === 6) {
      at += 8;
      i++; // long and double take two places
    } else at += CONSTANT_SIZES[tag];
  }
  at += 6;
  const interfaces = u2();
  at += 2 * interfaces;
  return Array.from({ length: u2() }, () => {
    at += 2;
    const field = { name: strings[u2()], descriptor: strings[u2()] };
    for (let attributes = u2(); attributes > 0; attributes--) {
      at += 2;
      at += 4 + bytes.readUInt32BE(at);
    }
    return field;
  });
}
