/** What each site last said of its link, and where it last broke: the newest of the events that its PCs write of it. */
import type { LinkReport, SiteDetail } from '@sabha/contracts';
import type { Op } from '../engine/records/ops.ts';
import { linkBreakPrefix, linkReportPrefix } from '../engine/records/ops.ts';

/** Which event it is of. `at` is when the centre heard it or, of what waited in the spool, when the PC wrote it, and never later than now. */
type Source = { pc: string; at: number; spool: string; seq: number };

/** As a message brought it; `heardAt` is the centre's time. */
export type LinkNews = Source & { site: string; heardAt: number; isLive: boolean } & ({ report: LinkReport } | { fault: string });

/**
 * Reports and breaks over the rows `link/<site>` and `broke/<site>` of the ledger's meta table, one of each for each site. They are kept as
 * text: few are ever looked at.
 * Guarantee: what comes late (R6, R9) never takes the place of something newer, whatever the clocks said when either was written (R29).
 */
export function createLinkReports(meta: Readonly<Record<string, string>>) {
  const isOurs = (key: string): boolean => key.startsWith(linkReportPrefix) || key.startsWith(linkBreakPrefix);
  const held = new Map(Object.entries(meta).filter(([key]) => isOurs(key)));
  const unwritten = new Set<string>();
  const read = <Said>(key: string): (Source & Said) | null => JSON.parse(held.get(key) ?? 'null');
  return {
    of(site: string): Pick<SiteDetail, 'link' | 'broke'> {
      const link = read<{ report: LinkReport }>(`${linkReportPrefix}${site}`);
      const broke = read<{ fault: string }>(`${linkBreakPrefix}${site}`);
      return {
        link: link && { pc: link.pc, at: link.at, report: link.report },
        broke: broke && { pc: broke.pc, at: broke.at, fault: broke.fault },
      };
    },

    take(news: LinkNews): void {
      const { site, heardAt: _, isLive: __, ...said } = news;
      const key = `${'fault' in news ? linkBreakPrefix : linkReportPrefix}${site}`;
      const before = read(key);
      if (before !== null && !isLater(news, before)) return;
      held.set(key, JSON.stringify(said));
      unwritten.add(key);
    },

    /** What is to be committed of all that was taken since it was last asked: each row once, however often it changed (R27). */
    changed(): Op[] {
      const ops = [...unwritten].map((key): Op => ({ op: 'meta', key, value: held.get(key) ?? null }));
      unwritten.clear();
      return ops;
    },
  };
}

/** The numbers of a spool say what came later; of two spools or PCs only time does, and one that is still to come is none. */
function isLater(news: LinkNews, before: Source): boolean {
  const isOfSamePc = news.pc === before.pc;
  if (isOfSamePc && news.spool === before.spool) return news.seq > before.seq;
  if (news.isLive) return true;
  // Another PC takes over by what it measures now, not by what it said once.
  if (!isOfSamePc && 'report' in news) return false;
  return news.at > before.at || before.at > news.heardAt;
}
