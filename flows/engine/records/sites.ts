/** The tree of places: nation, states, sites, PCs; who changes it, and what a change consists of. */
import type { LinkClass, Profile, RegistryEntry, SiteStage, Tier, Words } from '@sabha/contracts';
import type { KnownPc } from './incidents.ts';
import type { DayHours, OfficeHours } from './meetings.ts';
import type { Place } from './notices.ts';

/** The audio bridge of a site. */
export type Bridge = NonNullable<Profile['bridge']>;
/** The UPS of a site, as NUT names it. */
export type Ups = NonNullable<Profile['ups']>;

/** What a level may set; the next level inherits what it leaves out. Null = none here, whatever stands above. */
export type ProfileLayer = {
  link?: LinkClass;
  elevationM?: number;
  timeZone?: string;
  expected?: Profile['expected'];
  tier?: Tier;
  bridge?: Bridge | null;
  ups?: Ups | null;
  help?: string | null;
  languages?: string[];
  /** For whoever calls or goes there; no PC is told of it. */
  phone?: string;
  wayIn?: string;
  spare?: string;
  /** When the site confers, and the minute of the day at which its people go home. */
  vcHours?: DayHours[] | null;
  closes?: number | null;
};

/** One place. `path`: '' is the nation, else `state`, `state/site` or `state/site/pc`. */
export type TreeNode = {
  path: string;
  /** Of a PC: the name of its room. */
  name: Words;
  layer: ProfileLayer;
  /** Of a site only. */
  site: SiteFacts | null;
};

/** What is held of a site beside its profile: its stage, and what that goes by. */
export type SiteFacts = {
  stage: SiteStage;
  /** When it came to this stage; centre's clock. */
  stageAt: number;
  /** Of a site that is being set up: from when its quiet day counts; null while a fault stands or its PCs were not all there yet. */
  cleanSince: number | null;
  latitude: number | null;
  longitude: number | null;
  isp: string;
  linkId: string;
  contact: { name: string; phone: string; email: string };
  /** The groups that it is in; absent where it is in none. */
  groups?: string[];
};

/** A change of the tree: one transaction, after which the engine knows the new PCs and the broker the new registry. */
export type SiteChange = {
  nodes: TreeNode[];
  /** Nodes that are no more, with the reason that closes what is open of them (R15), such as `moved to goa/panaji/vc-1`. */
  gone: { path: string; because: string }[];
  /** PCs whose machine is another one now: what was known of the old one is forgotten. */
  replaced: string[];
  registry: RegistryEntry[];
  /** The configurations that it changes go out in stages. */
  staged?: { by: string };
  /** Null where only the date of a quiet day is another. */
  audit: { who: string; what: string; about: string } | null;
};

/** A profile with the origin of each value: the path of the level that set it, null for the built-in default. `office` is absent where nobody names hours. */
export type ResolvedProfile = { profile: Profile; timeZone: string; office?: OfficeHours; origins: Record<string, string | null> };

/** The tree, ready to be asked. Immutable: a change makes a new one. */
export type SiteTable = {
  node(path: string): TreeNode | undefined;
  nodes(): Iterable<TreeNode>;
  /** All sites, by path. */
  sites: readonly TreeNode[];
  /** The PCs of a site, by path. */
  pcsOf(site: string): readonly string[];
  /** Every PC of a site that is not closed; only those of live sites alert. */
  known: readonly KnownPc[];
  /** The stage of the site of a PC, or of a site; undefined for anything else. */
  stageOf(path: string): SiteStage | undefined;
  place(scope: string): Place;
  /** The scopes of the groups that the site of a path is in. */
  groupsOf(path: string): readonly string[];
  /** The paths that a scope consists of: the sites of a group, else itself. */
  pathsOf(scope: string): readonly string[];
  resolve(path: string): ResolvedProfile;
};
