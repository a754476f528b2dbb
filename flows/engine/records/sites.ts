/** The site tree (nation, states, sites, PCs) with its changes, and the data of people, accounts and meetings. */
import type { LinkClass, Person, Profile, RegistryEntry, Role, SiteStage, Tier, TokenRole, Words } from '@sabha/contracts';
import type { KnownPc } from './incidents.ts';
import type { PlaceDetails } from './notices.ts';

export type Bridge = NonNullable<Profile['bridge']>;
/** The UPS of a site, as NUT names it. */
export type Ups = NonNullable<Profile['ups']>;

/** The settings of one level of the tree. The next level inherits absent values; null removes an inherited value. */
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
  /** For people who call or visit the site. PCs do not receive these values. */
  phone?: string;
  wayIn?: string;
  spare?: string;
  /** The conference hours of the site, and the minute of the day at which its staff leave. */
  vcHours?: DayHours[] | null;
  closes?: number | null;
};

/** One node of the tree. `path` is '' for the nation, or `state`, `state/site` or `state/site/pc`. */
export type TreeNode = {
  path: string;
  /** For a PC, the name of its room. */
  name: Words;
  layer: ProfileLayer;
  /** Null unless this is a site. */
  site: SiteFacts | null;
};

/** Facts about a site that its profile does not contain, such as its stage and the reason for that stage. */
export type SiteFacts = {
  stage: SiteStage;
  /** When the site reached this stage, in server time. */
  stageAt: number;
  /** Start of the fault-free day that a new site needs. Null while a fault is open or a PC has not yet connected. */
  cleanSince: number | null;
  latitude: number | null;
  longitude: number | null;
  isp: string;
  linkId: string;
  contact: { name: string; phone: string; email: string };
  /** The groups of the site; absent if it has none. */
  groups?: string[];
};

/** A change of the tree, written in one transaction. Afterwards the engine knows the new PCs and the broker the new registry. */
export type SiteChange = {
  nodes: TreeNode[];
  /** Removed nodes. The reason closes their open incidents, for example `moved to goa/panaji/vc-1`: R15 (close). */
  gone: { path: string; because: string }[];
  /** The PCs that got a new machine: stored data of the old machine is deleted. */
  replaced: string[];
  registry: RegistryEntry[];
  /** The changed configurations reach the PCs in stages. */
  staged?: { by: string };
  /** Null if only the start of a fault-free day changes. */
  audit: { who: string; what: string; about: string } | null;
};

/**
 * A profile and the origin of each value: the path of the level that set it, or null for the built-in default. `office` is absent if no
 * level sets hours.
 */
export type ResolvedProfile = { profile: Profile; timeZone: string; office?: OfficeHours; origins: Record<string, string | null> };

/** An immutable index of the tree; a change creates a new one. */
export type SiteTable = {
  node(path: string): TreeNode | undefined;
  nodes(): Iterable<TreeNode>;
  sites: readonly TreeNode[];
  pcsOf(site: string): readonly string[];
  /** All PCs of sites that are not closed. Only PCs of live sites cause alerts. */
  known: readonly KnownPc[];
  /** The stage of a site, or of the site of a PC; undefined for any other path. */
  stageOf(path: string): SiteStage | undefined;
  place(scope: string): PlaceDetails;
  /** The scopes of the groups to which the site of a path belongs. */
  groupsOf(path: string): readonly string[];
  /** The sites of a group; for any other scope, the scope itself. */
  pathsOf(scope: string): readonly string[];
  resolve(path: string): ResolvedProfile;
};

/** The first and last day of leave, as local dates such as `2027-01-10`. */
export type Leave = { from: string; to: string };

/** A person with the data that decides when to notify them. `role` and `scope` are the first of `roles` and `scopes`. */
export type Member = Person & {
  /** Channels in order of use. An empty list means each channel that reaches the person. */
  channels: string[];
  groups: string[];
  roles: Role[];
  /** Paths of the tree that the person serves; '' means everywhere. */
  scopes: string[];
  /** The hours of duty; the end may be after 24:00. Null means always on duty. */
  duty: DayHours[] | null;
  /** The time zone of duty and leave. */
  zone: string;
  leave: Leave[];
  /** The person to notify during the absence of this person. */
  deputy: string | null;
  /** Another person has taken over the current shift until `until`. */
  relief?: { by: string; until: number };
};

/** When a channel was last proven to reach a person. */
export type ChannelProof = { person: string; channel: string; at: number };

/** The roster as loaded at start. `devices`: the stored push devices of each person. */
export type RosterContents = { members: Member[]; proofs: ChannelProof[]; devices?: Readonly<Record<string, string>> };

/** `ids`: identifiers of the person in programs. `texts`: name, phone and addresses as people write them. `alias` replaces both. */
export type PersonIdentifiers = { ids: readonly string[]; texts: readonly string[]; alias: string };
export type PersonRow = { table: string; row: Record<string, unknown> };
/** The person whose data is deleted, who requested that, and when. */
export type PersonErasure = { words: PersonIdentifiers; by: string; at: number };
/** The number of rows from which a person was removed. */
export type ErasedRows = { audit: number; elsewhere: number };

/** The scrypt parameters are stored with each hash, so a later version may choose stronger ones. Salt and key are base64url. */
export type PasswordHash = { n: number; r: number; p: number; salt: string; key: string };

export type Account = {
  name: string;
  role: TokenRole;
  /** The part of the tree that the account may see and change; '' means all of it. */
  scope: string;
  password: PasswordHash;
  /** The password is a generated one-time secret: it only allows choosing a new password. */
  once: boolean;
  /** When that secret was generated, and when it was last used. */
  secretAt?: number;
  usedAt?: number;
  /** The subject id at the OpenID provider; null if the account uses a password. */
  openid: string | null;
  /** For a program, which sends a token instead of a password: the hash of the token (`hashToken`) and its validity. */
  token?: { hash: string; days: number };
  /** A value that changes with each password. Sessions with an older value are invalid. */
  stamp: string;
  madeAt: number;
};

/** A session of a signed-in account. */
export type AccountSession = {
  /** SHA-256 of the session's token, in base64url. */
  hash: string;
  account: string;
  stamp: string;
  startedAt: number;
  /** Last use of the session, accurate to some minutes. */
  usedAt: number;
};

export type AccountContents = { accounts: Account[]; logins: AccountSession[] };

/** A meeting with all its dates. Local times look like `2027-01-15T11:00:00`. */
export type Meeting = {
  /** The UID of its calendar entry, or an id derived from its line of a list. */
  id: string;
  title: string;
  /** The rooms of the meeting, as paths of the tree; '' means all. */
  scopes: string[];
  /** Start of the first date of the meeting, as local date and time in `zone`. */
  start: string;
  /** An IANA name, or an offset such as `+05:30`; null means the time zone of the site. */
  zone: string | null;
  minutes: number;
  /** Null for a meeting that takes place once. */
  rule: Rule | null;
  /** Cancelled starts, in the form of `start`. */
  except: string[];
  /** Dates that were moved, keyed by their original start. `scopes` is set if the rooms differ too. */
  moved: { of: string; start: string; zone: string | null; minutes: number; scopes?: string[] }[];
};

/** A recurrence rule: the part of RFC 5545 that calendar programs use. */
export type Rule = {
  frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  interval: number;
  /** ISO weekdays, Monday is 1. `nth` counts within the month, from the end if negative; 0 means each. */
  weekdays: { day: number; nth: number }[];
  monthDays: number[];
  months: number[];
  positions: number[];
  /** The last possible local start; null means no end. */
  until: string | null;
  /** `until` is in UTC. */
  untilUtc: boolean;
  weekStart: number;
};

/** One date of a meeting. */
export type Occurrence = { id: string; title: string; from: number; to: number };

/** A span of the day on some weekdays (ISO, Monday is 1), in minutes after midnight. */
export type DayHours = { days: number[]; from: number; to: number };

/** The conference hours of a site, and when its staff leave; null means that the profile does not state them. */
export type OfficeHours = { vc: DayHours[] | null; closes: number | null };

/** A planned maintenance: a single one, or a series with a recurrence rule. */
export type Maintenance = {
  id: string;
  /** A state, a site or a room. */
  scope: string;
  /** The purpose, in the words of the person who planned it. */
  title: string;
  /** Start of the first maintenance of the series, as local date and time in `zone`. */
  start: string;
  zone: string | null;
  minutes: number;
  rule: Rule | null;
  /** The recurrence rule as it was entered. */
  ruleText: string | null;
  by: string;
  at: number;
};

export type MaintenanceDate = Pick<Maintenance, 'id' | 'scope' | 'title'> & { from: number; to: number };
