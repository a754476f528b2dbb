/** Life cycle of a site and its PCs, as pure functions. Each returns the complete change, or one line with the reason for a refusal. */
import { type ChecklistItem, hashToken, links, type RegistryEntry, type SiteStage } from '@sabha/contracts';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { SiteChange, SiteFacts, SiteTable, TreeNode } from '../engine/records/sites.ts';
import { levelOf, parentOf } from './table.ts';

/** Time without a fault after which a site in commissioning goes live automatically. */
export const faultFreeDayMs = 24 * 60 * 60_000;

/** Data for the checklist of a site. `wanted`: version of the configuration that a PC should have. */
export type ChecklistData = { table: SiteTable; records: ReadonlyMap<string, PcRecord>; wanted(pc: string): number };
/**
 * Data for automatic changes. `isCurrent`: the PC has confirmed its stored state since the SUBACK of the server. `deafMs`: how long the
 * server received nothing until now.
 */
export type CommissioningData = Pick<ChecklistData, 'table' | 'records'> & { isCurrent(pc: string): boolean; deafMs: number };
type SiteActor = { by: string; now: number };
/** A valid change with its new tokens, or the reason for the refusal. */
export type PlannedChange = { ok: true; change: SiteChange; tokens: Record<string, string> } | PlanRefusal;
type PlanRefusal = { ok: false; missing: boolean; line: string };

const nextStages: Record<SiteStage, readonly SiteStage[]> = {
  planned: ['commissioning', 'live', 'closed'],
  commissioning: ['live', 'closed'],
  live: ['closed'],
  closed: ['commissioning'],
};

/** Sets the stage of a site. A site goes live only with a complete checklist, or with `force`. */
export function setStage(
  sight: ChecklistData,
  at: { site: string; stage: SiteStage; force: boolean },
  { by, now }: SiteActor,
): PlannedChange {
  const node = sight.table.node(at.site);
  if (node?.site == null) return missing(`there is no site ${at.site}`);
  const from = node.site.stage;
  if (from === at.stage) return refuse(`${at.site} is ${from} already`);
  if (!nextStages[from].includes(at.stage)) return refuse(`${at.site} is ${from}: next can be ${nextStages[from].join(' or ')}`);
  const open = at.stage === 'live' ? checklist(sight, at.site).filter(({ done }) => !done) : [];
  if (open.length > 0 && !at.force) {
    const itemLine = ({ item, about }: ChecklistItem) =>
      `${item} (${shortList(about.map(({ pc, component, fault }) => `${pc} ${fault ?? component ?? ''}`.trim()))})`;
    const why = sight.table.pcsOf(at.site).length === 0 ? 'it has no PC' : open.map(itemLine).join('; ');
    return refuse(`${at.site} is not ready to go live: ${why}`);
  }
  const site = { ...node.site, stage: at.stage, stageAt: now, cleanSince: null };
  const what = open.length > 0 ? 'site forced live' : `site ${at.stage}`;
  return planned({ nodes: [{ ...node, site }] }, [by, what, at.site]);
}

/**
 * Returns the automatic changes, or null. A planned site changes to commissioning with the first message of a PC. A site without a fault
 * for a day goes live. Guarantee: a fault restarts that day, and so does a receive gap longer than the silence limit of the link class. An
 * offline PC does not. A site goes live only when each of its PCs is online and has confirmed its stored state.
 */
export function commissioning(watch: CommissioningData, now: number): SiteChange | null {
  const nodes = watch.table.sites.flatMap((node) => {
    const next = node.site && nextStage(watch, { path: node.path, facts: node.site }, now);
    return next ? [{ ...node, site: { ...(node.site as SiteFacts), ...next } }] : [];
  });
  if (nodes.length === 0) return null;
  const gone = nodes.filter(({ path, site }) => site?.stage !== watch.table.stageOf(path));
  const change = changeOf({ nodes }, ['centre', 'sites go on', shortList(gone.map(({ path, site }) => `${path} ${site?.stage}`))]);
  return gone.length > 0 ? change : { ...change, audit: null };
}

/** Returns the open tasks for the person who sets up a site, in order. The fault-free day is no task, because it needs no action. */
export function checklist({ table, records, wanted }: ChecklistData, site: string): ChecklistItem[] {
  const pcs = table.pcsOf(site);
  const all = recordsOf(table, records, site);
  const failing = (test: (record: PcRecord | undefined, pc: string) => boolean) =>
    pcs.filter((pc, at) => !test(all[at], pc)).map((pc) => ({ pc, component: null, fault: null }));
  const answers = all.flatMap((record) => (record?.checks ?? []).map((check) => ({ ...check, pc: record?.pc ?? '' })));
  const saying = (answer: 'fault' | 'unknown') =>
    answers.flatMap(({ pc, status, component, fault }) => (status === answer ? [{ pc, component, fault }] : []));
  // A PC without any check has no known fault, but that does not prove that it works.
  const pcsWithoutChecks = failing((record) => record !== undefined && record.checks.length > 0);
  const items: [ChecklistItem['item'], ChecklistItem['about']][] = [
    ['installed', failing((record) => record !== undefined && record.heardAt !== null)],
    ['heard', failing((record) => record?.presence === 'online')],
    ['configured', failing((record, pc) => record !== undefined && record.config > 0 && record.config === wanted(pc))],
    ['no-fault', [...pcsWithoutChecks, ...saying('fault')]],
    ['all-known', [...pcsWithoutChecks, ...saying('unknown')]],
  ];
  return items.map(([item, about]) => ({ item, done: pcs.length > 0 && about.length === 0, about }));
}

/** Moves a PC to another site, `state/site` or `state/site/pc`. The path is the identity, so it becomes a new PC with a new token. */
export function movePc(table: SiteTable, at: { pc: string; to: string; newToken(): string }, by: string): PlannedChange {
  const node = pcNode(table, at.pc);
  if (node === undefined) return missing(`there is no PC ${at.pc}`);
  const to = levelOf(at.to) === 2 ? `${at.to}/${at.pc.split('/')[2]}` : at.to;
  const site = parentOf(to) ?? '';
  const stage = table.stageOf(site);
  if (levelOf(to) !== 3 || stage === undefined) return refuse(`there is no site ${site}`);
  if (stage === 'closed') return refuse(`${site} is closed`);
  if (table.node(to) !== undefined) return refuse(`${to} is in the site table already`);
  const { entries, tokens } = createTokens([to], at.newToken);
  const gone = [{ path: at.pc, because: `moved to ${to}` }];
  const registry = [revoked(at.pc), ...entries];
  return planned({ nodes: [{ ...node, path: to }], gone, registry }, [by, 'PC moved', `${at.pc} to ${to}`], tokens);
}

/** Removes a PC from the table and revokes it in the registry. */
export function retirePc(table: SiteTable, pc: string, by: string): PlannedChange {
  if (pcNode(table, pc) === undefined) return missing(`there is no PC ${pc}`);
  return planned({ gone: [{ path: pc, because: 'retired' }], registry: [revoked(pc)] }, [by, 'PC retired', pc]);
}

/** Revokes a PC: its token and certificates become invalid. The PC keeps its path; only `replacePc` admits a machine there again. */
export function revokePc(table: SiteTable, pc: string, by: string): PlannedChange {
  if (pcNode(table, pc) === undefined) return missing(`there is no PC ${pc}`);
  return planned({ registry: [revoked(pc)] }, [by, 'PC revoked', pc]);
}

/** Replaces the machine of a PC: new token, no certificate, and the data stored about the old machine is not used. */
export function replacePc(table: SiteTable, at: { pc: string; newToken(): string }, by: string): PlannedChange {
  if (pcNode(table, at.pc) === undefined) return missing(`there is no PC ${at.pc}`);
  const { entries, tokens } = createTokens([at.pc], at.newToken);
  return planned({ replaced: [at.pc], registry: entries }, [by, 'PC replaced', at.pc], tokens);
}

type TokensFor = { pcs: readonly string[]; newToken(): string; entry(pc: string): RegistryEntry | undefined };

/** Issues new tokens for all of these PCs, or for none. Old tokens become invalid; certificates stay valid. */
export function issueTokens(table: SiteTable, at: TokensFor, by: string): PlannedChange {
  const unknown = at.pcs.find((pc) => pcNode(table, pc) === undefined);
  if (unknown !== undefined) return missing(`there is no PC ${unknown}`);
  if (at.pcs.length === 0) return refuse('no PC is named');
  const out = at.pcs.find((pc) => at.entry(pc)?.revoked);
  if (out !== undefined) return refuse(`${out} is revoked: only "sabha pcs replace" admits a machine there again`);
  const { entries, tokens } = createTokens(at.pcs, at.newToken);
  const registry = entries.map((entry) => ({ ...entry, ...at.entry(entry.pc), tokenHash: entry.tokenHash }));
  return planned({ registry }, [by, 'tokens issued', shortList(at.pcs)], tokens);
}

function nextStage(
  watch: CommissioningData,
  { path, facts }: { path: string; facts: SiteFacts },
  now: number,
): Partial<SiteFacts> | undefined {
  const { stage, cleanSince } = facts;
  if (stage !== 'planned' && stage !== 'commissioning') return undefined;
  const records = recordsOf(watch.table, watch.records, path);
  if (stage === 'planned' && !records.some((record) => record !== undefined && record.heardAt !== null)) return undefined;
  // A state from before the start of the server does not prove that the PC works.
  const isCurrent = (record?: PcRecord) => record?.presence === 'online' && record.checks.length > 0 && watch.isCurrent(record.pc);
  const isThere = records.length > 0 && records.every(isCurrent);
  const from = cleanSince ?? (isThere ? now : null);
  const hasFault = records.some((record) => record?.checks.some(({ status }) => status === 'fault'));
  const wasDeaf = watch.deafMs > links[watch.table.resolve(path).profile.link].silentMs;
  const since = from === null || hasFault ? null : wasDeaf ? now : Math.min(from, now);
  if (stage === 'planned') return { stage: 'commissioning', stageAt: now, cleanSince: since };
  if (isThere && since !== null && now - since >= faultFreeDayMs) return { stage: 'live', stageAt: now, cleanSince: null };
  return since === cleanSince ? undefined : { cleanSince: since };
}

function recordsOf(table: SiteTable, records: ReadonlyMap<string, PcRecord>, site: string): (PcRecord | undefined)[] {
  return table.pcsOf(site).map((pc) => records.get(pc));
}

function pcNode(table: SiteTable, path: string): TreeNode | undefined {
  return levelOf(path) === 3 ? table.node(path) : undefined;
}

function createTokens(pcs: readonly string[], newToken: () => string): { entries: RegistryEntry[]; tokens: Record<string, string> } {
  const tokens = Object.fromEntries(pcs.map((pc) => [pc, newToken()]));
  const entries = Object.entries(tokens).map(([pc, token]) => ({ pc, tokenHash: hashToken(token), certificates: [], revoked: false }));
  return { entries, tokens };
}

function revoked(pc: string): RegistryEntry {
  return { pc, tokenHash: null, certificates: [], revoked: true };
}

function planned(parts: Partial<SiteChange>, audit: [string, string, string], tokens: Record<string, string> = {}): PlannedChange {
  return { ok: true, change: changeOf(parts, audit), tokens };
}

function changeOf(parts: Partial<SiteChange>, [who, what, about]: [string, string, string]): SiteChange {
  return { nodes: [], gone: [], replaced: [], registry: [], ...parts, audit: { who, what, about } };
}

/** Returns the first eight entries of a list and the number of the remaining ones. */
function shortList(all: readonly string[]): string {
  const shown = 8;
  return all.slice(0, shown).join(', ') + (all.length > shown ? ` and ${all.length - shown} more` : '');
}

function missing(line: string): PlanRefusal {
  return { ok: false, missing: true, line };
}

function refuse(line: string): PlanRefusal {
  return { ok: false, missing: false, line };
}
