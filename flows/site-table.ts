/** The site table: which PCs there are, what people call them, what each is judged against. From `sabha.json`. */
import { createHash } from 'node:crypto';
import type { Config, Profile, Settings, Words } from '#contracts';
import type { KnownPc } from './incidents/model.ts';
import type { Place } from './incidents/notice.ts';

export type SiteTable = {
  known: readonly KnownPc[];
  site: { site: string; state: string; name: Words; link: string; pcs: string[] };
  place(scope: string): Place;
  profile: Profile;
};

const centreRoom: Record<string, Words> = {
  centre: { en: 'the centre itself', hi: 'सेंटर' },
  'centre/unheard': { en: 'several rooms', hi: 'कई कमरे' },
};

export function siteTable({ site }: Settings): SiteTable {
  const path = `${site.state}/${site.id}`;
  const { link, elevationM } = site.profile;
  const rooms = new Map(site.pcs.map((pc) => [`${path}/${pc.id}`, inBoth(pc.room)]));
  const name = inBoth(site.name);
  const pcs = [...rooms.keys()];
  return {
    known: pcs.map((pc) => ({ pc, link, elevationM })),
    site: { site: path, state: site.state, name, link, pcs },
    profile: site.profile,
    place: (scope) => ({ site: name, timeZone: site.timeZone, room: rooms.get(scope) ?? centreRoom[scope] ?? { en: scope, hi: scope } }),
  };
}

/** The configuration with its version, which rises when the profile is not the one that `held` (a row of the ledger's meta) names. */
export function versioned(profile: Profile, held: string | undefined): { config: Config; meta: string; changed: boolean } {
  const hash = createHash('sha256').update(JSON.stringify(profile)).digest('hex').slice(0, 16);
  const [version = '0', before] = (held ?? '0').split(' ');
  const changed = before !== hash;
  const next = Number(version) + (changed ? 1 : 0);
  return { config: { version: next, profile }, meta: `${next} ${hash}`, changed };
}

function inBoth(words: { en: string; hi?: string | undefined }): Words {
  return { en: words.en, hi: words.hi ?? words.en };
}
