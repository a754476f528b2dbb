/** The tree of places: where each PC belongs, and the profile against which it is judged (DESIGN, decision 4). */

import { hash } from 'node:crypto';
import {
  type Config,
  causeKindOf,
  causeScope,
  expectedKinds,
  groupOfScope,
  groupScope,
  isWithin,
  nameInScope,
  pathOfScope,
  type RegistryEntry,
  type SettingsSite,
  type SiteStage,
  scopePlace,
  siteOf,
  stateOf,
  type Words,
} from '@sabha/contracts';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { PlaceDetails } from '../engine/records/notices.ts';
import type { LedgerContents, Op } from '../engine/records/ops.ts';
import type { ProfileLayer, ResolvedProfile, SiteChange, SiteFacts, SiteTable, TreeNode } from '../engine/records/sites.ts';

const inherited = ['link', 'elevationM', 'timeZone', 'tier', 'bridge', 'ups', 'help', 'languages'] as const;

const builtIn: ResolvedProfile = {
  profile: { link: 'fibre', elevationM: 0, expected: { camera: [{}], microphone: [{}], speaker: [{}] } },
  timeZone: 'Asia/Kolkata',
  origins: Object.fromEntries([...inherited, 'expected.camera', 'expected.microphone', 'expected.speaker'].map((key) => [key, null])),
};

const allSites: Words = { en: 'All offices', hi: 'सभी दफ़्तर' };
const centreRooms: Record<string, Words> = {
  centre: { en: 'the server itself', hi: 'सर्वर' },
  'centre/unheard': { en: 'list of rooms', hi: 'कमरों की सूची' },
  'centre/plane': { en: 'many sites', hi: 'कई साइटें' },
  nation: { en: 'many sites', hi: 'कई साइटें' },
};

/** Returns the place of the server, which belongs to no site. */
export const centrePlace = (): PlaceDetails => createSiteTable([]).place('centre');

/** Builds the table of a tree. A node without its parent inherits from the next existing level. */
export function createSiteTable(nodes: Iterable<TreeNode>): SiteTable {
  const byPath = new Map([...nodes].map((node) => [node.path, node]));
  const sorted = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const ofPcs = sorted.map(({ path }) => path).filter((path) => levelOf(path) === 3);
  const pcs = Map.groupBy(ofPcs, siteLevel);
  // Resolves each path once, from the nation down. A level that sets nothing shares the object of the level above.
  const resolved = new Map<string, ResolvedProfile>();
  const resolve = (path: string): ResolvedProfile => {
    const parent = parentOf(path);
    const own = byPath.get(path);
    const above = () => (parent === undefined ? builtIn : resolve(parent));
    return own === undefined ? above() : resolved.getOrInsertComputed(path, () => merge(above(), own));
  };
  const stageOf = (path: string): SiteStage | undefined => byPath.get(siteLevel(path))?.site?.stage;
  const known = [...pcs].flatMap(([site, paths]) => {
    const stage = stageOf(site);
    if (stage === undefined || stage === 'closed') return [];
    const { isp = '', linkId = '' } = byPath.get(site)?.site ?? {};
    return paths.map((pc) => {
      const { link, elevationM } = resolve(pc).profile;
      return { pc, link, elevationM, alerts: stage === 'live', ...(isp !== '' && { isp }), ...(linkId !== '' && { linkId }) };
    });
  });
  const sites = sorted.filter(({ site }) => site !== null);
  const scopesOf = new Map(sites.map(({ path, site }) => [path, (site?.groups ?? []).map(groupScope)]));
  const members = new Map<string, string[]>();
  for (const [path, scopes] of scopesOf) for (const scope of scopes) members.getOrInsertComputed(scope, () => []).push(path);
  return {
    node: (path) => byPath.get(path),
    nodes: () => sorted,
    sites,
    groupsOf: (path) => scopesOf.get(siteLevel(path)) ?? [],
    pathsOf: (scope) => (groupOfScope(scope) === undefined ? [scope] : (members.get(scope) ?? [])),
    pcsOf: (site) => pcs.get(site) ?? [],
    known,
    stageOf,
    place: (scope) => placeOf(scope, byPath, resolve),
    resolve,
  };
}

/**
 * Returns true if a scope is entirely within another; both are paths or groups of sites. A group without sites is
 * only within itself and the nation.
 */
export function liesWithin(pathsOf: SiteTable['pathsOf'], outer: string, inner: string): boolean {
  if (isWithin(outer, inner)) return true;
  if (groupOfScope(outer) === undefined && groupOfScope(inner) === undefined) return false;
  const [around, parts] = [pathsOf(outer), pathsOf(inner)];
  return parts.length > 0 && parts.every((part) => around.some((path) => isWithin(path, part)));
}

export function levelOf(path: string): number {
  return path === '' ? 0 : path.split('/').length;
}

/** Returns the path of the level above; undefined for the nation. */
export function parentOf(path: string): string | undefined {
  return path === '' ? undefined : path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/**
 * Returns the nodes of the site that `sabha.json` describes. The site is live at once unless it was closed. Nation and state are created
 * only if missing, so that one office never overwrites an import. The profile is exactly that of the file: other kinds of device are not
 * expected.
 */
export function nodesOfSettings(site: SettingsSite, now: number, held?: SiteTable): TreeNode[] {
  const path = `${site.state}/${site.id}`;
  const before = held?.node(path)?.site ?? undefined;
  const facts: SiteFacts = before ?? { ...emptyFacts, stageAt: now };
  const expected = { camera: [], microphone: [], speaker: [], ...site.profile.expected };
  const layer: ProfileLayer = { ...site.profile, timeZone: site.timeZone, expected };
  const upper: TreeNode[] = [
    { path: '', name: allSites, layer: {}, site: null },
    { path: site.state, name: inBoth({ en: titleOf(site.state) }), layer: {}, site: null },
  ];
  return [
    ...upper.filter((node) => held?.node(node.path) === undefined),
    {
      path,
      name: inBoth(site.name),
      layer,
      site: facts.stage === 'live' || facts.stage === 'closed' ? facts : { ...facts, stage: 'live', stageAt: now, cleanSince: null },
    },
    ...site.pcs.map((pc) => ({ path: `${path}/${pc.id}`, name: inBoth(pc.room), layer: {}, site: null })),
  ];
}

/** Facts of a site of which nothing is known yet. */
export const emptyFacts: SiteFacts = {
  stage: 'live',
  stageAt: 0,
  cleanSince: null,
  latitude: null,
  longitude: null,
  isp: '',
  linkId: '',
  contact: { name: '', phone: '', email: '' },
};

/** Merges a level into the profile above. Hours replace those above; `none` in both columns means always open. */
function merge(above: ResolvedProfile, { path, layer }: TreeNode): ResolvedProfile {
  const kinds = expectedKinds.filter((kind) => layer.expected?.[kind] !== undefined);
  const plain = [...inherited, 'vcHours' as const, 'closes' as const].filter((key) => layer[key] !== undefined);
  const set = [...plain, ...kinds.map((kind) => `expected.${kind}`)];
  if (set.length === 0) return above;
  const { profile } = above;
  const devices = { ...profile.expected, ...layer.expected };
  const expected = Object.fromEntries(expectedKinds.flatMap((kind) => (devices[kind] ? [[kind, devices[kind]]] : [])));
  const { vcHours: vc = above.office?.vc ?? null, closes = above.office?.closes ?? null } = layer;
  const all = { ...profile, ...layer };
  const others = (['tier', 'bridge', 'ups', 'help', 'languages'] as const).flatMap((key) => (all[key] ? [[key, all[key]]] : []));
  return {
    // A fixed order: an equal profile gives an equal text and therefore the same version.
    profile: { link: all.link, elevationM: all.elevationM, expected, ...Object.fromEntries(others) },
    timeZone: layer.timeZone ?? above.timeZone,
    ...(vc !== null || closes !== null ? { office: { vc, closes } } : {}),
    origins: { ...above.origins, ...Object.fromEntries(set.map((key) => [key, path])) },
  };
}

function placeOf(scope: string, byPath: ReadonlyMap<string, TreeNode>, resolve: SiteTable['resolve']): PlaceDetails {
  const planned = scopePlace(scope);
  if (planned !== undefined) {
    // The scope of a room is its path; a site or a state uses the scope of a common cause.
    const level = levelOf(planned);
    return placeOf(level === 3 ? planned : causeScope(level === 2 ? 'site' : 'state', planned), byPath, resolve);
  }
  const nation = byPath.get('')?.name ?? allSites;
  const own = centreRooms[scope];
  if (own !== undefined) return { site: nation, room: own, timeZone: resolve('').timeZone };
  if (causeKindOf(scope) !== undefined) return placeOfCause(scope, { byPath, resolve, nation });
  const site = byPath.get(siteLevel(scope));
  const state = byPath.get(scope.split('/')[0] ?? '')?.name;
  return {
    site: site?.name ?? nation,
    ...(state && { state }),
    room: byPath.get(scope)?.name ?? inBoth({ en: scope }),
    timeZone: resolve(scope).timeZone,
    ...visitDetailsOf(scope, byPath),
  };
}

/** Returns data for a call or a visit, from the room or else from its site. */
function visitDetailsOf(scope: string, byPath: ReadonlyMap<string, TreeNode>): Partial<PlaceDetails> {
  const site = byPath.get(siteLevel(scope))?.site;
  const layers = [scope, siteLevel(scope)].map((path) => byPath.get(path)?.layer);
  const nearest = (key: 'phone' | 'wayIn' | 'spare') => layers.find((layer) => layer?.[key] !== undefined)?.[key] ?? '';
  const contact = nearest('phone') === '' ? site?.contact : undefined;
  const said = {
    phone: contact?.phone ?? nearest('phone'),
    wayIn: nearest('wayIn'),
    spare: nearest('spare'),
    line: [site?.isp, site?.linkId].filter((part) => part).join(' '),
  };
  return {
    ...Object.fromEntries(Object.entries(said).filter(([, text]) => text !== '')),
    ...(contact?.phone && { contact: contact.name }),
  };
}

type PlaceLookup = { byPath: ReadonlyMap<string, TreeNode>; resolve: SiteTable['resolve']; nation: Words };

/** Returns the place of a common cause: a site or state by name, or a line or provider within the nation. A site has its contact. */
function placeOfCause(scope: string, { byPath, resolve, nation }: PlaceLookup): PlaceDetails {
  const path = pathOfScope(scope);
  const name = nameInScope(scope);
  if (path === '')
    return { site: nation, room: inBoth({ en: causeKindOf(scope) === 'spread' ? '' : name }), timeZone: resolve('').timeZone };
  const isSite = causeKindOf(scope) === 'site';
  const node = byPath.get(path);
  // The sites file may name a state by its id.
  const room = node !== undefined && (isSite || node.name.en !== name) ? node.name : inBoth({ en: titleOf(name) });
  const site = (isSite && byPath.get(stateOf(path))?.name) || nation;
  return { site, room, timeZone: resolve(path).timeZone, ...(isSite && visitDetailsOf(path, byPath)) };
}

/** Returns the site of a site or PC path; any other path unchanged. */
function siteLevel(path: string): string {
  const [state, site] = path.split('/');
  return site === undefined ? path : `${state}/${site}`;
}

function titleOf(id: string): string {
  return id.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => (dash === '' ? '' : ' ') + letter.toUpperCase());
}

function inBoth(words: { en: string; hi?: string | undefined }): Words {
  return { en: words.en, hi: words.hi ?? words.en };
}

export type Tree = ReturnType<typeof createTree>;

export function createTree(
  { nodes, meta, registry }: Pick<LedgerContents, 'nodes' | 'meta' | 'registry'>,
  recordOf: (pc: string) => PcRecord | undefined,
) {
  let table = createSiteTable(nodes);
  const versions = createVersions(meta);
  const entries = new Map(registry.entries.map((entry) => [entry.pc, entry]));
  /** Places of removed PCs, for the messages that close their incidents. */
  const removedPlaces = new Map<string, PlaceDetails>();
  const configOf = (pc: string) => {
    const { site, room } = table.place(pc);
    return versions.wanted(pc, { profile: table.resolve(pc).profile, place: { site, room } }, recordOf(pc)?.config);
  };

  return {
    table: (): SiteTable => table,
    place: (scope: string): PlaceDetails => removedPlaces.get(scope) ?? table.place(scope),
    wanted: versions.version,
    /** Returns the registry entry of a PC; undefined if it never had a token. */
    entry: (pc: string): RegistryEntry | undefined => entries.get(pc),
    /** Returns the configuration that a PC should hold. Commit `op`, a new version, before sending it. */
    config: (pc: string): { config: Config; op?: Op } => configOf(pc),
    /** Returns the rows of all new versions. */
    versionOps: (): Op[] => table.known.flatMap(({ pc }) => configOf(pc).op ?? []),

    /** Applies a change in memory. Returns the operations to commit and the follow-up work. */
    change(change: SiteChange, now: number) {
      const before = table;
      const pcsGone = change.gone.flatMap(({ path }) => (levelOf(path) === 3 ? [path] : before.pcsOf(path)));
      for (const pc of pcsGone) removedPlaces.set(pc, before.place(pc));
      const dropped = new Set(change.gone.map(({ path }) => path));
      table = createSiteTable([...[...before.nodes()].filter(({ path }) => !dropped.has(path)), ...change.nodes]);
      for (const entry of change.registry) entries.set(entry.pc, entry);
      for (const { path } of change.nodes) removedPlaces.delete(path);
      // A configuration also contains the names of site and room.
      const isRenamed = ({ path, name }: TreeNode) =>
        levelOf(path) >= 2 && JSON.stringify(before.node(path)?.name) !== JSON.stringify(name);
      const isOther = (node: TreeNode) => !sameLayer(before.node(node.path), node) || isRenamed(node);
      const layered = new Set(change.nodes.filter(isOther).map(({ path }) => path));
      const configs = table.known.flatMap(({ pc }) => (isUnder(layered, pc) ? [{ pc, op: configOf(pc).op }] : []));
      const touched = [...change.nodes, ...change.gone].map(({ path }) => path);
      const learned = concernsEngine(before, change);
      const heldPcs = new Set(before.known.map(({ pc }) => pc));
      const fresh = [...table.known.map(({ pc }) => pc).filter((pc) => !heldPcs.has(pc)), ...change.replaced];
      const replaced = [...change.replaced, ...pcsGone];
      const ops: Op[] = [
        ...change.nodes.map((node) => ({ op: 'node', node }) as const),
        ...change.gone.map(({ path }) => ({ op: 'node-gone', path }) as const),
        ...change.registry.map((entry) => ({ op: 'registry', entry }) as const),
        ...configs.flatMap(({ op }) => op ?? []),
        ...(change.audit === null ? [] : [{ op: 'audit', at: now, ...change.audit } as const]),
      ];
      return {
        ops,
        /** Null if the change does not concern the engine. */
        known: learned ? { type: 'known' as const, pcs: table.known, because: removalReasons(change, table), replaced } : null,
        /** Sites with PCs that are new or have a new machine. */
        fresh: learned ? [...new Set(fresh.map(siteOf))] : [],
        configured: configs.flatMap(({ pc, op }) => (op === undefined ? [] : [pc])),
        /** Sites whose row may change, including removed ones. */
        sites: sitesUnderAny(before, table, touched),
        pcsGone,
      };
    },
  };
}

/** Returns false if only dates of sites in commissioning changed. These dates change often and do not concern the engine. */
function concernsEngine(before: SiteTable, { nodes, gone, replaced }: SiteChange): boolean {
  const factsOf = (site: TreeNode['site'] | undefined) => site && [site.stage, site.isp, site.linkId].join('\n');
  const dated = (node: TreeNode) => {
    const held = before.node(node.path);
    return node.site !== null && factsOf(held?.site) === factsOf(node.site) && sameLayer(held, node);
  };
  return gone.length + replaced.length > 0 || !nodes.every(dated);
}

function sameLayer(a: TreeNode | undefined, b: TreeNode): boolean {
  return a !== undefined && JSON.stringify(a.layer) === JSON.stringify(b.layer);
}

function sitesUnderAny(before: SiteTable, after: SiteTable, paths: readonly string[]): string[] {
  const below = new Set(paths.filter((path) => levelOf(path) < 2));
  const own = paths.filter((path) => levelOf(path) >= 2).map(siteLevel);
  const inherits = below.size === 0 ? [] : [...before.sites, ...after.sites].filter(({ path }) => isUnder(below, path));
  return [...new Set([...own, ...inherits.map(({ path }) => path)])];
}

/** Returns true if the set contains the path or a level above it. */
function isUnder(set: ReadonlySet<string>, path: string): boolean {
  if (set.size === 0) return false;
  const parts = path.split('/');
  return set.has('') || parts.some((_, at) => set.has(parts.slice(0, at + 1).join('/')));
}

type ConfigContent = Omit<Config, 'pc' | 'version'>;

const prefix = 'config/';

/** Versions of the configurations, stored in the ledger as `config/<pc>` = `<version> <hash>`. */
function createVersions(meta: Readonly<Record<string, string>>) {
  const held = new Map<string, { version: number; hash: string }>();
  for (const [key, value] of Object.entries(meta)) {
    const [version = '0', hash = ''] = value.split(' ');
    if (key.startsWith(prefix)) held.set(key.slice(prefix.length), { version: Number(version), hash });
  }
  return {
    /**
     * Returns the configuration that a PC should have. `reported`: the version that the PC last reported, 0 if none. Guarantee: a version
     * never has two contents, also after a restore of an older ledger. Commit `op` before sending the configuration.
     */
    wanted(pc: string, content: ConfigContent, reported = 0): { config: Config; op?: Op } {
      const ours = held.get(pc) ?? { version: 0, hash: '' };
      const now = hash('sha256', JSON.stringify(content)).slice(0, 16);
      if (ours.hash === now && reported <= ours.version) return { config: { pc, version: ours.version, ...content } };
      const version = Math.max(ours.version, reported) + 1;
      held.set(pc, { version, hash: now });
      return { config: { pc, version, ...content }, op: { op: 'meta', key: `${prefix}${pc}`, value: `${version} ${now}` } };
    },
    /** Returns the last wanted version of a PC; 0 if none. */
    version: (pc: string): number => held.get(pc)?.version ?? 0,
  };
}

/**
 * Returns the reason for each PC that a change removes from monitoring, to close its incidents (R15, close). `after`: the table with the
 * change.
 */
export function removalReasons({ nodes, gone }: SiteChange, after: SiteTable): Record<string, string> {
  const quiet = nodes.filter(({ site }) => site !== null && site.stage !== 'live');
  const ofSites = quiet.flatMap(({ path, site }) => after.pcsOf(path).map((pc) => [pc, `site ${site?.stage}`] as const));
  return Object.fromEntries([...ofSites, ...gone.map(({ path, because }) => [path, because] as const)]);
}
