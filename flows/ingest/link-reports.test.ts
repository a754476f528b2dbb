import type { LinkReport } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Op } from '../engine/records/ops.ts';
import { createLinkReports, type LinkEvent } from './read-message.ts';

const site = 'ladakh/leh';
const pc = `${site}/vc-1`;
const other = `${site}/vc-2`;
const year = 365 * 86_400_000;
type Edit = Partial<Pick<LinkEvent, 'pc' | 'spool' | 'isLive' | 'at' | 'heardAt'>>;
/** Event `seq` of a spool, written at that time by the PC's clock and received at once, unless `edit` says otherwise. */
const from = (seq: number, edit: Edit) => ({ site, pc, spool: 's', seq, at: seq, heardAt: seq, isLive: true, ...edit });
const said = (seq: number, edit: Edit & { says?: number } = {}): LinkEvent => {
  const { says = seq, ...rest } = edit;
  return { ...from(seq, rest), report: { at: says } satisfies LinkReport };
};
const broke = (seq: number, fault: string, edit: Edit = {}): LinkEvent => ({ ...from(seq, edit), fault });

function write(ops: readonly Op[], meta: Record<string, string>): void {
  for (const op of ops) if (op.op === 'meta') meta[op.key] = `${op.value}`;
}

test('the latest link report and the latest link break of a site are kept, also across a restart', () => {
  const meta: Record<string, string> = { starts: '[]' };
  const reports = createLinkReports(meta);
  expect(reports.of(site)).toEqual({ link: null, broke: null });
  for (const news of [said(10), broke(20, 'path.gateway'), said(30)]) reports.recordLinkEvent(news);
  write(reports.changed(), meta);
  const kept = { link: { pc, at: 30, report: { at: 30 } }, broke: { pc, at: 20, fault: 'path.gateway' } };
  expect(reports.of(site)).toEqual(kept);
  expect(createLinkReports(meta).of(site)).toEqual(kept);
  expect(Object.keys(meta)).toEqual(['starts', 'link/ladakh/leh', 'broke/ladakh/leh']);
});

test('R6, R9 repeated and older link reports change nothing', () => {
  const reports = createLinkReports({});
  for (const news of [said(30), broke(31, 'path.last_mile')]) reports.recordLinkEvent(news);
  expect(reports.changed()).toHaveLength(2);
  for (const news of [said(30, { heardAt: 40, at: 40 }), said(20, { isLive: false }), broke(29, 'path.dns', { isLive: false })])
    reports.recordLinkEvent(news);
  expect(reports.changed()).toEqual([]);
  expect(reports.of(site)).toMatchObject({ link: { report: { at: 30 } }, broke: { fault: 'path.last_mile' } });
});

test('another PC replaces the link report only with a live report, not with a replayed one', () => {
  const reports = createLinkReports({});
  reports.recordLinkEvent(said(30));
  reports.recordLinkEvent(said(90, { pc: other, isLive: false }));
  expect(reports.of(site).link?.pc).toBe(pc);
  reports.recordLinkEvent(said(5, { pc: other }));
  expect(reports.of(site).link?.pc).toBe(other);
});

test('R29 a report from a clock that was ahead is replaced by a later report of the same spool', () => {
  const reports = createLinkReports({});
  for (const news of [said(1, { says: 10 * year }), said(2)]) reports.recordLinkEvent(news);
  expect(reports.of(site).link?.report.at).toBe(2);
});

test("R29 a link break received while the server's clock was ahead is replaced by any later link break", () => {
  const ahead = { at: year, heardAt: year };
  for (const later of [{}, { spool: 'next' }, { pc: other }, { pc: other, isLive: false }]) {
    const reports = createLinkReports({});
    for (const news of [broke(1, 'path.local', ahead), broke(2, 'path.gateway', later)]) reports.recordLinkEvent(news);
    expect(reports.of(site).broke, JSON.stringify(later)).toMatchObject({ at: 2, fault: 'path.gateway' });
  }
});

test('replayed link reports of another spool are ordered by time and do not replace newer reports', () => {
  const reports = createLinkReports({});
  const waited = { spool: 'before', isLive: false, heardAt: 50 };
  for (const news of [said(30), broke(30, 'path.gateway')]) reports.recordLinkEvent(news);
  for (const news of [said(20, waited), broke(20, 'path.dns', waited)]) reports.recordLinkEvent(news);
  expect(reports.of(site)).toMatchObject({ link: { report: { at: 30 } }, broke: { fault: 'path.gateway' } });
  for (const news of [said(40, waited), broke(40, 'path.dns', waited)]) reports.recordLinkEvent(news);
  expect(reports.of(site)).toMatchObject({ link: { report: { at: 40 } }, broke: { fault: 'path.dns' } });
});
