/** The shape of a message, before anybody walks it: how deep, how wide, and whether each key stands once (R27). */
import { budgets } from './budgets.ts';

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/** What is wrong with the shape of a JSON text that was parsed; undefined where nothing is. */
export function shapeFault(text: Uint8Array, parsed: unknown): string | undefined {
  const { depth, values, keys } = measure(text);
  if (depth > budgets.messageDepth.most) return `${depth} levels deep, at most ${budgets.messageDepth.most}`;
  if (values > budgets.messageValues.most) return `${values} values, at most ${budgets.messageValues.most}`;
  // Of a key that stands twice the parser keeps one, and which one is a matter of taste: what signs or compares must not differ from what reads.
  return keysOf(parsed) === keys ? undefined : 'a key stands twice';
}

/** Of the text, in one pass and without recursion. A colon outside of strings is a key; a value more than commas is near enough. */
function measure(text: Uint8Array): { depth: number; values: number; keys: number } {
  let [level, depth, values, keys] = [0, 0, 1, 0];
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] as number;
    if (byte === quote) at = endOfString(text, at);
    else if (byte === comma) values += 1;
    else if (byte === colon) keys += 1;
    else if (opening.has(byte)) {
      level += 1;
      values += 1;
      depth = Math.max(depth, level);
    } else if (closing.has(byte)) level -= 1;
  }
  return { depth, values: values + keys, keys };
}

function endOfString(text: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === backslash ? 2 : 1;
  return at;
}

function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Array.isArray(value) ? value : Object.values(value);
  const own = inner === value ? 0 : inner.length;
  return inner.reduce((sum: number, one) => sum + keysOf(one), own);
}
