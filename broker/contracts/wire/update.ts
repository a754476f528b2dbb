/** What a new agent says of itself. Signed by a key that lies on no machine of the network: who holds the centre can offer nothing of his own. */
import type { KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { signed } from './messages.ts';
import { type Opened, openSigned } from './signed.ts';

/** Larger than any bundle of ours; endless data ends here. */
const bundleLimitBytes = 8 * 2 ** 20;

const version = v.pipe(v.string(), v.regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/));
/** What is signed of a bundle. */
export const manifest = v.object({
  version,
  /** Lowest version that may still run: nobody goes back below it, whatever was signed before. */
  minimum: version,
  /** After this time it is worth nothing, so that an old one cannot be held up for ever. */
  expires: v.number(),
  size: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(bundleLimitBytes)),
  /** Of the bundle, hexadecimal. */
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});
export type Manifest = v.InferOutput<typeof manifest>;

/** What an agent runs, and the lowest version that it may go back to. */
export type Held = { version: string; minimum: string };

/** Reads the text of a manifest: what it says where it is to be taken, null where this agent has it already, or in one line why it must not be. */
export function judgeManifest(text: string, key: KeyObject, held: Held & { now: number }): Opened<Manifest | null> {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), signed), text);
  if (!read.success) return { ok: false, reason: 'not a signed manifest' };
  const opened = openSigned(manifest, read.output, key);
  if (!opened.ok) return opened;
  const next = opened.value;
  if (next.version === held.version) return { ok: true, value: null };
  if (next.expires <= held.now) return { ok: false, reason: `the offer of ${next.version} has expired` };
  if (compareVersions(next.version, next.minimum) < 0)
    return { ok: false, reason: `${next.version} is below its own minimum ${next.minimum}` };
  const floor = [held.version, held.minimum].toSorted(compareVersions).at(-1) ?? held.version;
  if (compareVersions(next.version, floor) < 0) return { ok: false, reason: `${next.version} is older than ${floor}` };
  return { ok: true, value: next };
}

/** Below 0 where `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  return [0, 1, 2].map((at) => (left?.[at] ?? 0) - (right?.[at] ?? 0)).find((by) => by !== 0) ?? 0;
}
