import { expect, test } from 'vitest';
import type { LinkReport } from '#contracts';
import { createLinkReports, type LinkNews } from './link-reports.ts';

const site = 'ladakh/leh';
const pc = `${site}/vc-1`;
const said = (at: number, edit: { pc?: string; isLive?: boolean } = {}): LinkNews => {
  return { site, pc, at: at + 1, isLive: true, report: { at } satisfies LinkReport, ...edit };
};

test('the newest report of a site and where it broke last are kept, over a restart too', () => {
  const meta: Record<string, string> = { starts: '[]' };
  const reports = createLinkReports(meta);
  expect(reports.of(site)).toEqual({ link: null, broke: null });
  for (const news of [said(10), { site, pc, at: 20, fault: 'path.gateway' }, said(30)])
    for (const op of reports.take(news)) if (op.op === 'meta') meta[op.key] = `${op.value}`;
  const kept = { link: { pc, at: 31, report: { at: 30 } }, broke: { pc, at: 20, fault: 'path.gateway' } };
  expect(reports.of(site)).toEqual(kept);
  expect(createLinkReports(meta).of(site)).toEqual(kept);
  expect(Object.keys(meta)).toEqual(['starts', 'link/ladakh/leh']);
});

test('R6, R9 what is sent again or was written before changes nothing', () => {
  const reports = createLinkReports({});
  reports.take(said(30));
  reports.take({ site, pc, at: 30, fault: 'path.last_mile' });
  expect(reports.take(said(30))).toEqual([]);
  expect(reports.take(said(20, { isLive: false }))).toEqual([]);
  expect(reports.take({ site, pc, at: 29, fault: 'path.dns' })).toEqual([]);
  expect(reports.of(site)).toMatchObject({ link: { report: { at: 30 } }, broke: { fault: 'path.last_mile' } });
});

test('another PC that measures now takes over with what it says, not with what it said once', () => {
  const reports = createLinkReports({});
  reports.take(said(30));
  expect(reports.take(said(90, { pc: `${site}/vc-2`, isLive: false }))).toEqual([]);
  expect(reports.take(said(5, { pc: `${site}/vc-2` }))).toHaveLength(1);
  expect(reports.of(site).link?.pc).toBe(`${site}/vc-2`);
});
