/** The version of each PC's configuration: it rises whenever what it says is another. */
import { hash } from 'node:crypto';
import type { Config } from '#contracts';
import type { Op } from '../engine/records/ops.ts';

/** What a configuration says. */
type Content = Omit<Config, 'pc' | 'version'>;

const prefix = 'config/';

/** Versions over the rows `config/<pc>` = `<version> <hash>` of the ledger's meta table. */
export function createVersions(meta: Readonly<Record<string, string>>) {
  const held = new Map<string, { version: number; hash: string }>();
  for (const [key, value] of Object.entries(meta)) {
    const [version = '0', hash = ''] = value.split(' ');
    if (key.startsWith(prefix)) held.set(key.slice(prefix.length), { version: Number(version), hash });
  }
  return {
    /**
     * The configuration a PC should hold. `reported` = the version that it last reported, 0 where it has none.
     * Guarantee: a version never means two contents, also where the ledger was restored and the PC is ahead of it. `op` must be committed before the configuration is sent.
     */
    wanted(pc: string, content: Content, reported = 0): { config: Config; op?: Op } {
      const ours = held.get(pc) ?? { version: 0, hash: '' };
      const now = hash('sha256', JSON.stringify(content)).slice(0, 16);
      if (ours.hash === now && reported <= ours.version) return { config: { pc, version: ours.version, ...content } };
      const version = Math.max(ours.version, reported) + 1;
      held.set(pc, { version, hash: now });
      return { config: { pc, version, ...content }, op: { op: 'meta', key: `${prefix}${pc}`, value: `${version} ${now}` } };
    },
    /** The version last wanted of a PC; 0 where it was never asked for. */
    version: (pc: string): number => held.get(pc)?.version ?? 0,
  };
}
