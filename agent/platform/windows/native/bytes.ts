/** How Windows writes texts. */

/** The text before the first zero: behind it may lie anything. */
export function untilZero(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** Texts one behind the other, each with its zero. */
export function textsOf(data: Buffer): string[] {
  return data
    .toString('utf16le')
    .split('\0')
    .filter((text) => text !== '');
}
