/** Reads the EDID block, in which a display describes itself. */

const edidBytes = 128;
/** Byte offset of the first descriptor of the EDID block. */
const firstAt = 54;

/**
 * Returns maker and product, such as `DEL40A3`: three letters of five bits each and the product number. Returns an empty text if the
 * block names no maker.
 */
export function modelOf(edid: Buffer): string {
  if (edid.length < edidBytes) return '';
  const maker = edid.readUInt16BE(8);
  const letters = [10, 5, 0].map((shift) => String.fromCharCode(64 + ((maker >> shift) & 31)));
  return /^[A-Z]{3}$/.test(letters.join(''))
    ? `${letters.join('')}${edid.readUInt16LE(10).toString(16).padStart(4, '0').toUpperCase()}`
    : '';
}

/** Returns the native resolution from the first descriptor. The upper four bits of width and height are in separate bytes. */
export function ownSize(edid: Buffer): { width: number; height: number } | null {
  if (edid.length < edidBytes || edid.readUInt16LE(firstAt) === 0) return null;
  const [width, height] = [2, 5].map((at) => edid.readUInt8(firstAt + at) + ((edid.readUInt8(firstAt + at + 2) & 0xf0) << 4));
  return width && height ? { width, height } : null;
}

const descriptors = { from: 54, bytes: 18, count: 4 };
const nameTag = 0xfc;

/** Returns the display name (EDID 1.3): the text of the descriptor with `nameTag`, up to a line feed. Undefined without one. */
export function displayName(edid: Buffer): string | undefined {
  for (let at = descriptors.from; at < descriptors.from + descriptors.bytes * descriptors.count; at += descriptors.bytes) {
    if (edid.length < at + descriptors.bytes || edid.readUInt32BE(at) !== nameTag) continue;
    return edid
      .toString('latin1', at + 5, at + descriptors.bytes)
      .split('\n')[0]
      ?.trim();
  }
  return undefined;
}
