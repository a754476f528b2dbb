/** What PCs say of their surroundings and only a page of the wall asks for: the link of their site, and their numbers of power and room. */
import type { LinkClass } from '@sabha/contracts';
import { createNumbers } from './last-numbers.ts';
import { createLinkReports, type LinkNews } from './link-reports.ts';

/** What the ledger holds of them, and whose they are. */
export type SiteReadingsOptions = {
  meta: Readonly<Record<string, string>>;
  /** Undefined for a PC that is none of ours. */
  linkOf(pc: string): LinkClass | undefined;
};

/** The readings of one memory. */
export type SiteReadings = ReturnType<typeof createSiteReadings>;

/** Opens the readings on what the ledger holds; numbers are known from the next beat on. */
export function createSiteReadings({ meta, linkOf }: SiteReadingsOptions) {
  const reports = createLinkReports(meta);
  const numbers = createNumbers();
  return {
    link: reports.of,
    numbers: (pc: string, up: number) => numbers.of(pc, linkOf(pc) ?? 'fibre', up),
    take(news: readonly LinkNews[] = []): void {
      for (const one of news) reports.take(one);
    },
    /** What is to be committed of all the news since it was last asked. */
    changed: reports.changed,
    beat(pc: string, payload: Buffer, up: number): void {
      const link = linkOf(pc);
      if (link !== undefined) numbers.heard(pc, { link, payload, up });
    },
    forget: numbers.forget,
  };
}
