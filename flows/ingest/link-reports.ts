/** What each site last said of its link, and where it last broke: the newest of the events that its PCs write of it. */
import type { LinkReport, SiteDetail } from '#contracts';
import { linkReportPrefix } from '../records/meta-keys.ts';
import type { Op } from '../records/ops.ts';

/** As a message brought it. `at` is when the centre heard it or, of what waited in the spool, when the PC wrote it. */
export type LinkNews = { site: string; pc: string; at: number } & ({ report: LinkReport; isLive: boolean } | { fault: string });

type Held = Pick<SiteDetail, 'link' | 'broke'>;

const nothing: Held = { link: null, broke: null };

/**
 * Reports over the rows `link/<site>` of the ledger's meta table, one for each site. They are kept as text: few are ever looked at.
 * Guarantee: what comes late (R6, R9) never takes the place of something newer.
 */
export function createLinkReports(meta: Readonly<Record<string, string>>) {
  const held = new Map<string, string>();
  for (const [key, value] of Object.entries(meta))
    if (key.startsWith(linkReportPrefix)) held.set(key.slice(linkReportPrefix.length), value);
  const of = (site: string): Held => JSON.parse(held.get(site) ?? JSON.stringify(nothing));
  return {
    of,
    /** Takes one; what is to be committed of it. */
    take(news: LinkNews): Op[] {
      const change = changeOf(of(news.site), news);
      if (change === undefined) return [];
      const value = JSON.stringify(change);
      held.set(news.site, value);
      return [{ op: 'meta', key: `${linkReportPrefix}${news.site}`, value }];
    },
  };
}

function changeOf(before: Held, news: LinkNews): Held | undefined {
  const { pc, at } = news;
  if ('fault' in news) return at > (before.broke?.at ?? 0) ? { ...before, broke: { pc, at, fault: news.fault } } : undefined;
  const { link } = before;
  const isNewer = link === null || (link.pc === pc ? news.report.at > link.report.at : news.isLive);
  return isNewer ? { ...before, link: { pc, at, report: news.report } } : undefined;
}
