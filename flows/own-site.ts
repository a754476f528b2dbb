/** The one site that `sabha.json` may describe: brought into the tree whenever its text changed. */
import { createHash } from 'node:crypto';
import type { OwnSite } from '#contracts';
import type { Op } from './ledger/model.ts';
import type { SiteChange, SiteTable } from './sites/model.ts';
import { nodesOfSettings } from './sites/table.ts';

const metaKey = 'settings.site';
const because = 'no longer in sabha.json';

/** The change that brings tree and settings together, and the row by which the next start knows of it; null where they are together. */
export function ownSiteChange(at: {
  site: OwnSite | null;
  table: SiteTable;
  meta: Readonly<Record<string, string>>;
  now: number;
}): { change: SiteChange; op: Op } | null {
  const { site, table, meta, now } = at;
  const path = site === null ? '' : `${site.state}/${site.id}`;
  const [heldHash, heldPath = '', ...heldPcs] = (meta[metaKey] ?? '').split(' ');
  const hash = createHash('sha256').update(JSON.stringify(site)).digest('hex').slice(0, 16);
  if (heldHash === hash && (site === null || table.node(path) !== undefined)) return null;
  const nodes = site === null ? [] : nodesOfSettings(site, now, table);
  const named = new Set(nodes.map((node) => node.path));
  // A PC that an import brought to the same site is not ours to take away, nor is then the site.
  const gone = heldPcs.map((id) => `${heldPath}/${id}`).filter((pc) => !named.has(pc) && table.node(pc) !== undefined);
  const isEmpty = table.pcsOf(heldPath).every((pc) => gone.includes(pc));
  if (heldPath !== '' && isEmpty && !named.has(heldPath) && table.node(heldPath) !== undefined) gone.push(heldPath);
  const audit = { who: 'sabha.json', what: 'site of the settings', about: path || 'none' };
  return {
    change: { nodes, gone: gone.map((one) => ({ path: one, because })), replaced: [], registry: [], audit },
    op: { op: 'meta', key: metaKey, value: [hash, path, ...(site?.pcs ?? []).map(({ id }) => id)].join(' ').trim() },
  };
}
