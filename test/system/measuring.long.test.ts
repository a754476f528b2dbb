// @module-tag long
/** Tests that the chosen PC of a site measures the link, with real processes from the reflector to the exporter. */

import type { PcView } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSite, type Site, startCentre } from './centre-under-test.ts';

let site: Site;
beforeEach(async () => {
  // The speed makes probe rounds and beats twenty times as frequent.
  site = await createSite({}, { SABHA_SPEED: '20' });
});
afterEach(() => site.remove());

test('the only PC of its site measures the link, its checks reach the server and its numbers reach the exporter', async () => {
  const centre = startCentre(site);
  await centre.says((line) => line.msg === 'ready' && line.part === 'agent');
  const answered = () => centre.sample('brokerMetrics', 'sabha_reflector_packets_total{kind="stamp",result="answered"}');
  await expect.poll(answered, { timeout: 40_000 }).toBeGreaterThanOrEqual(23);
  const devices = async () => {
    const [own] = await centre.api<PcView[]>('/api/pcs');
    return own?.checks.filter(({ component }) => component === 'link').map(({ device }) => device);
  };
  await expect.poll(devices, { timeout: 40_000 }).toEqual(['budget', 'delay', 'jitter', 'loss', 'tier']);
  const rating = async () => {
    const page = await (await fetch(`http://127.0.0.1:${site.ports.exporter}/metrics/pcs`)).text();
    return Number(/^sabha_link_quality_r\{[^}]*pc="capital\/this-office\/this-pc"[^}]*\} (\S+)/m.exec(page)?.[1]);
  };
  await expect.poll(rating, { timeout: 40_000 }).toBeGreaterThan(50);
  await centre.stop();
});
