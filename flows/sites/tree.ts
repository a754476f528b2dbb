/** The tree of places that ingest works with, the configuration of each PC, and what a change of the tree means for both. */
import { hash } from 'node:crypto';
import { type Config, type RegistryEntry, siteOf } from '@sabha/contracts';
import type { CentreEvent, PcRecord } from '../engine/records/incidents.ts';
import type { Place } from '../engine/records/notices.ts';
import type { Contents, Op } from '../engine/records/ops.ts';
import type { SiteChange, SiteTable, TreeNode } from '../engine/records/sites.ts';
import { becauseOf } from './life.ts';
import { createSiteTable, levelOf } from './table.ts';

/** The tree of places of one memory. */
export type Tree = ReturnType<typeof createTree>;

/** Opens the tree on what the ledger holds. */
export function createTree(
  { nodes, meta, registry }: Pick<Contents, 'nodes' | 'meta' | 'registry'>,
  recordOf: (pc: string) => PcRecord | undefined,
) {
  let table = createSiteTable(nodes);
  const versions = createVersions(meta);
  const entries = new Map(registry.entries.map((entry) => [entry.pc, entry]));
  /** How people called the rooms that are gone, for the messages that close their incidents. */
  const former = new Map<string, Place>();
  const configOf = (pc: string) => {
    const { site, room } = table.place(pc);
    return versions.wanted(pc, { profile: table.resolve(pc).profile, place: { site, room } }, recordOf(pc)?.config);
  };

  return {
    table: (): SiteTable => table,
    place: (scope: string): Place => former.get(scope) ?? table.place(scope),
    wanted: versions.version,
    /** What the registry says of a PC; undefined where it never had a token. */
    entry: (pc: string): RegistryEntry | undefined => entries.get(pc),
    /** The configuration that a PC should hold; a new version of it must be committed before it is sent. */
    config: (pc: string): { config: Config; op?: Op } => configOf(pc),
    /** The rows of all versions that are new. */
    versionOps: (): Op[] => table.known.flatMap(({ pc }) => configOf(pc).op ?? []),

    /** Takes a change into use, and answers what is to be committed and done for it. */
    change(change: SiteChange, now: number) {
      const before = table;
      for (const { path } of change.gone) for (const pc of pcsUnder(before, path)) former.set(pc, before.place(pc));
      const dropped = new Set(change.gone.map(({ path }) => path));
      table = createSiteTable([...[...before.nodes()].filter(({ path }) => !dropped.has(path)), ...change.nodes]);
      for (const entry of change.registry) entries.set(entry.pc, entry);
      for (const { path } of change.nodes) former.delete(path);
      // The names of site and room stand in a configuration too.
      const isRenamed = ({ path, name }: TreeNode) =>
        levelOf(path) >= 2 && JSON.stringify(before.node(path)?.name) !== JSON.stringify(name);
      const isOther = (node: TreeNode) => !sameLayer(before.node(node.path), node) || isRenamed(node);
      const layered = new Set(change.nodes.filter(isOther).map(({ path }) => path));
      const configs = table.known.flatMap(({ pc }) => (isUnder(layered, pc) ? [{ pc, op: configOf(pc).op }] : []));
      const touched = [...change.nodes, ...change.gone].map(({ path }) => path);
      const learned = learns(before, change);
      const pcsGone = change.gone.flatMap(({ path }) => pcsUnder(before, path));
      const known: Extract<CentreEvent, { type: 'known' }> = {
        type: 'known',
        pcs: table.known,
        because: becauseOf(change, table),
        replaced: [...change.replaced, ...pcsGone],
      };
      const ops: Op[] = [
        ...change.nodes.map((node) => ({ op: 'node', node }) as const),
        ...change.gone.map(({ path }) => ({ op: 'node-gone', path }) as const),
        ...change.registry.map((entry) => ({ op: 'registry', entry }) as const),
        ...configs.flatMap(({ op }) => op ?? []),
        ...(change.audit === null ? [] : [{ op: 'audit', at: now, ...change.audit } as const]),
      ];
      return {
        ops,
        /** Null where the engine has nothing to learn of it. */
        known: learned ? known : null,
        /** Sites with PCs that were not known before, or whose machine is another one now. */
        fresh: learned ? freshSites(before, table, change.replaced) : [],
        /** PCs whose configuration is another one now. */
        configured: configs.flatMap(({ pc, op }) => (op === undefined ? [] : [pc])),
        /** Sites whose row may read differently, those that are gone included. */
        sites: sitesUnderAny(before, table, touched),
        pcsGone,
      };
    },
  };
}

/** Dates of sites that are being set up are nothing to the engine, and they change often. */
function learns(before: SiteTable, { nodes, gone, replaced }: SiteChange): boolean {
  const factsOf = (site: TreeNode['site'] | undefined) => site && [site.stage, site.isp, site.linkId].join('\n');
  const dated = (node: TreeNode) => {
    const held = before.node(node.path);
    return node.site !== null && factsOf(held?.site) === factsOf(node.site) && sameLayer(held, node);
  };
  return gone.length + replaced.length > 0 || !nodes.every(dated);
}

function freshSites(before: SiteTable, after: SiteTable, replaced: readonly string[]): string[] {
  const held = new Set(before.known.map(({ pc }) => pc));
  const fresh = after.known.filter(({ pc }) => !held.has(pc)).map(({ pc }) => pc);
  return [...new Set([...fresh, ...replaced].map(siteOf))];
}

function sameLayer(a: TreeNode | undefined, b: TreeNode): boolean {
  return a !== undefined && JSON.stringify(a.layer) === JSON.stringify(b.layer);
}

function pcsUnder(table: SiteTable, path: string): readonly string[] {
  return levelOf(path) === 3 ? [path] : table.pcsOf(path);
}

function sitesUnderAny(before: SiteTable, after: SiteTable, paths: readonly string[]): string[] {
  const below = new Set(paths.filter((path) => levelOf(path) < 2));
  const own = paths.filter((path) => levelOf(path) >= 2).map((path) => path.split('/').slice(0, 2).join('/'));
  const inherits = below.size === 0 ? [] : [...before.sites, ...after.sites].filter(({ path }) => isUnder(below, path));
  return [...new Set([...own, ...inherits.map(({ path }) => path)])];
}

/** True where the path or a level above it is in the set. */
function isUnder(set: ReadonlySet<string>, path: string): boolean {
  if (set.size === 0) return false;
  const parts = path.split('/');
  return set.has('') || parts.some((_, at) => set.has(parts.slice(0, at + 1).join('/')));
}

/** What a configuration says. */
type Content = Omit<Config, 'pc' | 'version'>;

const prefix = 'config/';

/** Versions over the rows `config/<pc>` = `<version> <hash>` of the ledger's meta table. */
function createVersions(meta: Readonly<Record<string, string>>) {
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
