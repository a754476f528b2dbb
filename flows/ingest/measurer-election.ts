/** Which PC of a site measures the link for all of them, and its right to be answered by the reflector (DESIGN, link classes). */
import { type Ack, sealReflectorToken, siteOf } from '@sabha/contracts';
import type { PcRecord } from '../engine/records/incidents.ts';

/** Who is there, and by which right one measures. */
export type ElectionOptions = {
  /** Where the broker's reflector answers, and the key that it goes by; absent = the centre has none. */
  reflector?: { port: number; key: Buffer } | undefined;
  pcsOf(site: string): readonly string[];
  recordOf(pc: string): PcRecord | undefined;
  /** The clock that acks carry. */
  now(): number;
};

/** A PC is told anew with the echo of each hour; so that one lost ack ends no right, it lasts three of them. */
const tokenMs = 3 * 3_600_000;

/** Guarantee: of the PCs of a site that are online at most one is ever told that it measures, which is the one with the lowest id. */
export function createElection({ reflector, pcsOf, recordOf, now }: ElectionOptions) {
  const elected = new Map<string, string>();

  /** One that was lost may be back in a moment: it keeps the duty until it is silent. */
  function electedOf(site: string): string | undefined {
    const held = elected.get(site);
    const able = (pc: string) => {
      const presence = recordOf(pc)?.presence;
      return presence === 'online' || (presence === 'lost' && pc === held);
    };
    const [lowest] = pcsOf(site).filter(able).sort();
    if (lowest === undefined) elected.delete(site);
    else elected.set(site, lowest);
    return lowest;
  }

  return {
    /** The PC that measures the link of this site; undefined while none is there. */
    of: (site: string): string | undefined => elected.get(site),
    /** What an ack says to this PC. */
    words(pc: string): Pick<Ack, 'measure' | 'reflector'> {
      if (electedOf(siteOf(pc)) !== pc) return { measure: false };
      if (reflector === undefined) return { measure: true };
      const endsAt = now() + tokenMs;
      const token = sealReflectorToken(pc, endsAt, reflector.key).toString('base64url');
      return { measure: true, reflector: { port: reflector.port, token, endsAt } };
    },
    /** These PCs changed: who is to be told at once because the duty came to it, or left it. */
    moved(pcs: Iterable<string>): string[] {
      return [...new Set([...pcs].map(siteOf))].flatMap((site) => {
        const before = elected.get(site);
        const after = electedOf(site);
        return before === after ? [] : [before, after].filter((pc) => pc !== undefined && recordOf(pc)?.presence === 'online');
      }) as string[];
    },
  };
}
