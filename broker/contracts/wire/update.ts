/**
 * The manifest of an agent update. The private key that signs it is on no machine of the network, so an intruder on the server cannot offer
 * other code.
 */
import type { KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { signed } from './messages.ts';
import { type Opened, openSigned } from './signed.ts';

/** Limit of a download in bytes, larger than any of our bundles. */
const bundleLimitBytes = 8 * 2 ** 20;

const version = v.pipe(v.string(), v.regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/));
export const manifest = v.object({
  version,
  /** Lowest version allowed from now on, also against older signed manifests. */
  minimum: version,
  /** Expiry, so that an old manifest cannot be replayed without limit. */
  expires: v.number(),
  size: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(bundleLimitBytes)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});
export type Manifest = v.InferOutput<typeof manifest>;

/** The running version of an agent, and the lowest version that it accepts. */
export type InstalledVersion = { version: string; minimum: string };

/** Judges a manifest. Returns the manifest to install, null if this version already runs, or one line with the reason of a refusal. */
export function checkManifest(text: string, key: KeyObject, held: InstalledVersion & { now: number }): Opened<Manifest | null> {
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

/** Returns a negative number if `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  return [0, 1, 2].map((at) => (left?.[at] ?? 0) - (right?.[at] ?? 0)).find((by) => by !== 0) ?? 0;
}
