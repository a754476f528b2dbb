/** The tree of places: nation, states, sites, PCs; who changes it, and what a change consists of. */
import type { LinkClass, Person, Profile, RegistryEntry, Role, SiteStage, Tier, TokenRole, Words } from '@sabha/contracts';
import type { KnownPc } from './incidents.ts';
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

/** Days off, the first and the last, by the calendar on the wall: `2027-01-10`. */
export type Leave = { from: string; to: string };

/** A person with all that decides when they are told. `role` and `scope` are the first of `roles` and `scopes`. */
export type Member = Person & {
  /** In the order in which they are tried; none named = each that reaches the person. */
  channels: string[];
  groups: string[];
  roles: Role[];
  /** Paths of the tree, '' = everywhere. */
  scopes: string[];
  /** The hours of duty, of which the end may lie after 24:00; null = always. */
  duty: DayHours[] | null;
  /** The zone of duty and leave. */
  zone: string;
  leave: Leave[];
  /** Who is told instead while the person is away. */
  deputy: string | null;
  /** The shift that runs, taken over by somebody else until it ends. */
  relief?: { by: string; until: number };
};

/** When a channel last was proven to reach a person. */
export type Proof = { person: string; channel: string; at: number };

/** The roster as it is read at the start. `devices`: those of each person, as they were written. */
export type RosterContents = { members: Member[]; proofs: Proof[]; devices?: Readonly<Record<string, string>> };

/** `ids`: by which programs name the person; `texts`: name, phone, addresses, as people write them. `alias`: what stands in their place. */
export type PersonWords = { ids: readonly string[]; texts: readonly string[]; alias: string };
/** A row in which the person stands. */
export type PersonRow = { table: string; row: Record<string, unknown> };
/** Who forgets whom, and when. */
export type Forgetting = { words: PersonWords; by: string; at: number };
/** Out of how many rows a person was taken. */
export type Forgotten = { audit: number; elsewhere: number };

/** scrypt's parameters stand beside each hash, so that a later version may choose stronger ones. Salt and key in base64url. */
export type PasswordHash = { n: number; r: number; p: number; salt: string; key: string };

/** One who may log in. */
export type Account = {
  name: string;
  role: TokenRole;
  /** The part of the tree that it sees and acts on: '' = all of it. */
  scope: string;
  password: PasswordHash;
  /** The password is a secret of ours: nothing opens with it but the choice of another one. */
  once: boolean;
  /** When that secret was made, and when somebody came in by it. */
  secretAt?: number;
  usedAt?: number;
  /** Whom the directory knows it as; null = it logs in by its password. */
  openid: string | null;
  /** Set for a program, which sends a token and has no password: what the token hashes to (`hashToken`), and how long it is valid. */
  token?: { hash: string; days: number };
  /** Another one with each password: a session that began under an older one is over. */
  stamp: string;
  madeAt: number;
};

/** One who is logged in. */
export type Login = {
  /** SHA-256 of the session's token, in base64url. */
  hash: string;
  account: string;
  stamp: string;
  startedAt: number;
  /** To within some minutes. */
  usedAt: number;
};

/** All accounts and logins that the ledger holds. */
export type AccountContents = { accounts: Account[]; logins: Login[] };

/** One meeting, with all its dates. Local times are `2027-01-15T11:00:00`. */
export type Meeting = {
  /** The UID of its calendar, or what was made of its line. */
  id: string;
  title: string;
  /** Which rooms it concerns: paths of the tree, '' for all. */
  scopes: string[];
  /** Its first date, as the clock on the wall shows it. */
  start: string;
  /** An IANA name, or an offset such as `+05:30`; null = the zone of the site. */
  zone: string | null;
  minutes: number;
  /** Null where it is held once. */
  rule: Rule | null;
  /** Starts that fall out, as `start` has them. */
  except: string[];
  /** Single dates that are held at another time, by the start that they had; `scopes` where it is in other rooms. */
  moved: { of: string; start: string; zone: string | null; minutes: number; scopes?: string[] }[];
};

/** How a meeting comes back: the part of RFC 5545 that calendars of people write. */
export type Rule = {
  frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  interval: number;
  /** ISO weekdays, Monday is 1; `nth` of the month, counted from its end where negative, 0 = each. */
  weekdays: { day: number; nth: number }[];
  monthDays: number[];
  months: number[];
  positions: number[];
  /** The last local start that may be; null = none. */
  until: string | null;
  /** `until` is a time of UTC. */
  untilUtc: boolean;
  weekStart: number;
};

/** A date of a meeting. */
export type Occurrence = { id: string; title: string; from: number; to: number };

/** A span of a day on some weekdays (ISO, Monday is 1); minutes after midnight. */
export type DayHours = { days: number[]; from: number; to: number };

/** When a site confers, and when its people go home; null = it does not say. */
export type OfficeHours = { vc: DayHours[] | null; closes: number | null };

/** A planned maintenance, which takes place once or repeats by a rule. */
export type Maintenance = {
  id: string;
  /** A state, a site or a room. */
  scope: string;
  /** What for, in the words of whoever planned it. */
  title: string;
  /** When it begins, the first time, as the clock on the wall shows it. */
  start: string;
  /** An IANA name, or an offset; null = the zone of the site. */
  zone: string | null;
  minutes: number;
  /** Null where it is held once. */
  rule: Rule | null;
  /** The rule as it was said. */
  ruleText: string | null;
  by: string;
  at: number;
};

/** One of its times. */
export type MaintenanceDate = Pick<Maintenance, 'id' | 'scope' | 'title'> & { from: number; to: number };
