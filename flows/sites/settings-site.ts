/** The one site that `sabha.json` may describe: brought into the tree whenever its text changed. */
import { createHash } from 'node:crypto';
import type { RegistryEntry, SettingsSite } from '@sabha/contracts';
import type { Op } from '../engine/records/ops.ts';
import type { SiteChange, SiteTable } from '../engine/records/sites.ts';
import { levelOf, nodesOfSettings } from './table.ts';

const metaKey = 'settings.site';
/** Who was taken out by an edit of the file, with the token and certificates of then: only such a PC may be put back by another edit. */
const outKey = 'settings.out';
const because = 'no longer in sabha.json';

type At = {
  site: SettingsSite | null;
  table: SiteTable;
  /** What the registry says of a PC. */
  entry(pc: string): RegistryEntry | undefined;
  meta: Readonly<Record<string, string>>;
  now: number;
};

/**
 * The change that brings tree and settings together, and the rows by which the next start knows of it; null where they are together.
 * Guarantee: who is taken out of the file cannot connect any more, and whom an operator retired or moved does not come back by it.
 */
export function settingsSiteChange({ site, table, entry, meta, now }: At): { change: SiteChange; ops: Op[] } | null {
  const path = site === null ? '' : `${site.state}/${site.id}`;
  const [heldHash, heldPath = '', ...heldPcs] = (meta[metaKey] ?? '').split(' ');
  const hash = createHash('sha256').update(JSON.stringify(site)).digest('hex').slice(0, 16);
  if (heldHash === hash && (site === null || table.node(path) !== undefined)) return null;
  const out = new Set((meta[outKey] ?? '').split(' '));
  const isOut = (pc: string) => levelOf(pc) === 3 && table.node(pc) === undefined && entry(pc)?.revoked === true;
  const all = site === null ? [] : nodesOfSettings(site, now, table);
  const nodes = all.filter((node) => !isOut(node.path) || out.has(marked(entry(node.path))));
  const back = nodes.flatMap((node) => (isOut(node.path) ? (entry(node.path) ?? []) : []));
  const named = new Set(all.map((node) => node.path));
  // A PC that an import brought to the same site is not ours to take away, nor is then the site.
  const gone = heldPcs.map((id) => `${heldPath}/${id}`).filter((pc) => !named.has(pc) && table.node(pc) !== undefined);
  const ended = gone.flatMap((pc) => entry(pc) ?? []).filter(({ revoked }) => !revoked);
  for (const one of back) out.delete(marked(one));
  for (const one of ended) out.add(marked(one));
  const isEmpty = table.pcsOf(heldPath).every((pc) => gone.includes(pc));
  if (heldPath !== '' && isEmpty && !named.has(heldPath) && table.node(heldPath) !== undefined) gone.push(heldPath);
  const registry = [...back.map((one) => ({ ...one, revoked: false })), ...ended.map((one) => ({ ...one, revoked: true }))];
  const audit = { who: 'sabha.json', what: 'site of the settings', about: path || 'none' };
  return {
    change: { nodes, gone: gone.map((one) => ({ path: one, because })), replaced: [], registry, audit },
    ops: [
      { op: 'meta', key: metaKey, value: [hash, path, ...(site?.pcs ?? []).map(({ id }) => id)].join(' ').trim() },
      { op: 'meta', key: outKey, value: [...out].join(' ').trim() },
    ],
  };
}

function marked(entry: RegistryEntry | undefined): string {
  return [`${entry?.pc}=${entry?.tokenHash}`, ...(entry?.certificates ?? [])].join();
}
