/** Adds the one site that `sabha.json` may describe to the tree, whenever its settings changed. */
import { createHash } from 'node:crypto';
import type { RegistryEntry, SettingsSite } from '@sabha/contracts';
import type { Op } from '../engine/records/ops.ts';
import type { SiteChange, SiteTable } from '../engine/records/sites.ts';
import { levelOf, nodesOfSettings } from './table.ts';

const metaKey = 'settings.site';
/**
 * Key for the PCs that an edit of the file removed, with their token and certificates at that time. Another edit may restore only such a
 * PC.
 */
const removedPcsKey = 'settings.out';
const because = 'no longer in sabha.json';

type SettingsSiteInput = {
  site: SettingsSite | null;
  table: SiteTable;
  entry(pc: string): RegistryEntry | undefined;
  meta: Readonly<Record<string, string>>;
  now: number;
};

/**
 * Returns the change that makes the tree equal to the settings, and the rows that record it; null if there is none. Guarantee: a PC that is
 * removed from the file cannot connect. A PC that an operator retired or moved does not return through the file.
 */
export function settingsSiteChange({ site, table, entry, meta, now }: SettingsSiteInput): { change: SiteChange; ops: Op[] } | null {
  const path = site === null ? '' : `${site.state}/${site.id}`;
  const [heldHash, heldPath = '', ...heldPcs] = (meta[metaKey] ?? '').split(' ');
  const hash = createHash('sha256').update(JSON.stringify(site)).digest('hex').slice(0, 16);
  if (heldHash === hash && (site === null || table.node(path) !== undefined)) return null;
  const removedPcs = new Set((meta[removedPcsKey] ?? '').split(' '));
  const isRemoved = (pc: string) => levelOf(pc) === 3 && table.node(pc) === undefined && entry(pc)?.revoked === true;
  const all = site === null ? [] : nodesOfSettings(site, now, table);
  const nodes = all.filter((node) => !isRemoved(node.path) || removedPcs.has(entryText(entry(node.path))));
  const restoredEntries = nodes.flatMap((node) => (isRemoved(node.path) ? (entry(node.path) ?? []) : []));
  const named = new Set(all.map((node) => node.path));
  // A PC that an import added to the same site stays in the tree, and then the site stays too.
  const gone = heldPcs.map((id) => `${heldPath}/${id}`).filter((pc) => !named.has(pc) && table.node(pc) !== undefined);
  const ended = gone.flatMap((pc) => entry(pc) ?? []).filter(({ revoked }) => !revoked);
  for (const one of restoredEntries) removedPcs.delete(entryText(one));
  for (const one of ended) removedPcs.add(entryText(one));
  const isEmpty = table.pcsOf(heldPath).every((pc) => gone.includes(pc));
  if (heldPath !== '' && isEmpty && !named.has(heldPath) && table.node(heldPath) !== undefined) gone.push(heldPath);
  const registry = [...restoredEntries.map((one) => ({ ...one, revoked: false })), ...ended.map((one) => ({ ...one, revoked: true }))];
  const audit = { who: 'sabha.json', what: 'site of the settings', about: path || 'none' };
  return {
    change: { nodes, gone: gone.map((one) => ({ path: one, because })), replaced: [], registry, audit },
    ops: [
      { op: 'meta', key: metaKey, value: [hash, path, ...(site?.pcs ?? []).map(({ id }) => id)].join(' ').trim() },
      { op: 'meta', key: removedPcsKey, value: [...removedPcs].join(' ').trim() },
    ],
  };
}

function entryText(entry: RegistryEntry | undefined): string {
  return [`${entry?.pc}=${entry?.tokenHash}`, ...(entry?.certificates ?? [])].join();
}
