/** Tests the memory of the wall, which is open all day: hours of a busy nation, replayed in seconds in a real browser. */

import type { SiteView } from '@sabha/contracts';
import type { CDPSession } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { wellSite } from '../../flows/api/scripted-view.test-helper.ts';
import { randomFrom } from '../random.ts';
import { microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

const mebi = 1024 * 1024;

describe.runIf(wallRuns)('the memory of the wall', () => {
  const stage = wallStage();

  /** Returns the live heap in MiB and the nodes, after all changes are drawn and the garbage is collected. */
  async function held(session: CDPSession): Promise<{ heapMiB: number; nodes: number }> {
    const waiting = stage.view.content.incidents.filter((one) => one.overAt === null && one.acknowledged === null);
    await expect.poll(() => stage.page.title()).toBe(`◆ ${waiting.length} · Sabha`);
    for (let turn = 0; turn < 3; turn += 1) await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
    return { heapMiB: of('JSHeapUsedSize') / mebi, nodes: of('Nodes') };
  }

  /** Sends one frame in which some sites change and an incident opens or closes. The page draws it before the next one. */
  async function turn(at: number, random: ReturnType<typeof randomFrom>): Promise<void> {
    const { content } = stage.view;
    const pick = (): SiteView => content.sites[Math.floor(random.next() * content.sites.length)] ?? wellSite();
    const turned = [pick(), pick(), pick()].map((site): SiteView => {
      const isReady = site.readiness === 'ready';
      const missing = { component: 'microphone', fault: 'microphone.missing', reason: null };
      return { ...site, stage: 'live', readiness: isReady ? 'not-ready' : 'ready', why: isReady ? missing : null };
    });
    const id = 1_000 + (at % 40);
    const over = Math.floor(at / 40) % 2 === 1 ? ({ over: 'cleared', overAt: Date.now() } as const) : {};
    stage.view.change({ sites: turned, incidents: [microphoneGone(Date.now(), { id, scope: `${turned[0]?.site}/vc-1`, ...over })] });
    await stage.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));
  }

  test('does not grow over hours of changes', async () => {
    stage.page.setDefaultTimeout(30_000);
    await stage.open('#/');
    const session = await stage.context.newCDPSession(stage.page);
    await session.send('Performance.enable');
    const random = randomFrom(11);
    const play = async (from: number, to: number) => {
      for (let at = from; at < to; at += 1) await turn(at, random);
    };
    await play(0, 40);
    const first = await held(session);
    await play(40, 280);
    const last = await held(session);
    console.info(
      `wall: ${first.heapMiB.toFixed(1)} MiB and ${first.nodes} nodes, then ${last.heapMiB.toFixed(1)} MiB and ${last.nodes} nodes`,
    );
    expect(last.heapMiB).toBeLessThan(first.heapMiB * 1.2);
    expect(last.nodes).toBeLessThan(first.nodes * 1.2);
    expect(stage.troubles).toEqual([]);
  }, 400_000);
});
