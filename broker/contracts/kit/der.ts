/** The part of DER (X.690) for certificate requests and lists: definite lengths, tags of one byte. */

export const tags = { integer: 0x02, bits: 0x03, oid: 0x06, utf8: 0x0c, sequence: 0x30, set: 0x31, first: 0xa0 } as const;
/** One element: its content, the whole element with its header, and the bytes after the element. */
export type DerElement = { tag: number; content: Buffer; whole: Buffer; rest: Buffer };

const longForm = 0x80;
const longestLength = 3;

/** Encodes an element with these parts as content. */
export function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < longForm) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  if (length > 0xffff) throw new Error('too long for DER as it is written here');
  return Buffer.concat([Buffer.from([tag, longForm + bytes.length, ...bytes]), content]);
}

/** Decodes the first element. Throws if there is no element, or if its length exceeds the input. */
export function readDer(bytes: Buffer): DerElement {
  const [tag = 0, first = 0] = bytes;
  const lengthBytes = first < longForm ? 0 : first - longForm;
  const start = 2 + lengthBytes;
  const isIndefinite = first === longForm;
  if (bytes.length < start || isIndefinite || lengthBytes > longestLength || (tag & 0x1f) === 0x1f) throw new Error('not DER');
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes);
  const end = start + length;
  if (end > bytes.length) throw new Error('DER that is cut off');
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(0, end), rest: bytes.subarray(end) };
}

/** Decodes consecutive elements. Throws like `readDer`. */
export function readAllDer(bytes: Buffer): DerElement[] {
  const all: DerElement[] = [];
  for (let rest = bytes; rest.length > 0; rest = all.at(-1)?.rest ?? rest.subarray(rest.length)) all.push(readDer(rest));
  return all;
}

/** Returns the certificates of a PKCS#7 list (SignedData without signatures), each unchanged. Throws if `list` is not such a list. */
export function certificatesIn(list: Buffer): Buffer[] {
  const [, signed] = readAllDer(readDer(list).content);
  if (signed?.tag !== tags.first) throw new Error('no list of certificates');
  const held = readAllDer(readDer(signed.content).content).find(({ tag }) => tag === tags.first);
  return readAllDer(held?.content ?? Buffer.alloc(0)).map(({ whole }) => whole);
}
