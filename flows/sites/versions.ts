/** The version of each PC's configuration: it rises whenever the resolved profile is another one. */
import { createHash } from 'node:crypto';
import type { Config, Profile } from '#contracts';
import type { Op } from '../records/ops.ts';

/** The versions of the configurations of one memory. */
export type Versions = {
  /**
   * The configuration a PC should hold. `held` = the version that it last reported, 0 where it has none.
   * Guarantee: a version never means two profiles, also where the ledger was restored and the PC is ahead of it. `op` must be committed before the configuration is sent.
   */
  wanted(pc: string, profile: Profile, held?: number): { config: Config; op?: Op };
  /** The version last wanted of a PC; 0 where it was never asked for. */
  version(pc: string): number;
};

const prefix = 'config/';

/** Versions over the rows `config/<pc>` = `<version> <hash>` of the ledger's meta table. */
export function createVersions(meta: Readonly<Record<string, string>>): Versions {
  const held = new Map<string, { version: number; hash: string }>();
  for (const [key, value] of Object.entries(meta)) {
    const [version = '0', hash = ''] = value.split(' ');
    if (key.startsWith(prefix)) held.set(key.slice(prefix.length), { version: Number(version), hash });
  }
  const hashes = new WeakMap<Profile, string>();
  const hashOf = (profile: Profile): string => {
    const hash = hashes.get(profile) ?? createHash('sha256').update(JSON.stringify(profile)).digest('hex').slice(0, 16);
    hashes.set(profile, hash);
    return hash;
  };
  return {
    wanted(pc, profile, reported = 0) {
      const ours = held.get(pc) ?? { version: 0, hash: '' };
      const hash = hashOf(profile);
      if (ours.hash === hash && reported <= ours.version) return { config: { pc, version: ours.version, profile } };
      const version = Math.max(ours.version, reported) + 1;
      held.set(pc, { version, hash });
      return { config: { pc, version, profile }, op: { op: 'meta', key: `${prefix}${pc}`, value: `${version} ${hash}` } };
    },
    version: (pc) => held.get(pc)?.version ?? 0,
  };
}
