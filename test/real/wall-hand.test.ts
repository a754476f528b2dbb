/**
 * Tests that a person who acknowledges ten incidents during many changes, on a machine four times slower, never acknowledges the wrong one.
 */

import type { IncidentRow } from '@sabha/contracts';
import type { CDPSession, Locator } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

const wanted = 10;
/** Slowdown of the processor, as on a phone or an old PC. */
const slower = 4;
/** Enough states that no state has more than ten incidents of one fault, because the list shows such incidents as one line. */
const states = ['goa', 'kerala', 'assam', 'bihar', 'punjab', 'sikkim', 'odisha', 'haryana'];
/** Number of incidents in the list before a person expands it. */
const listed = 12;

describe.runIf(wallRuns)('the list of open incidents', () => {
  const stage = wallStage();
  let next: number;
  let begunAt: number;
  let session: CDPSession;

  beforeEach(async () => {
    stage.page.setDefaultTimeout(30_000);
    next = 100;
    begunAt = Date.now();
    stage.view.content.incidents = Array.from({ length: wanted }, () => fresh());
    stage.view.onPost = (path, { by = '' }) => {
      const id = Number(path.split('/')[3]);
      const row = stage.view.content.incidents.find((one) => one.id === id);
      if (row !== undefined) stage.view.change({ incidents: [{ ...row, acknowledged: { by, at: Date.now() } }] });
      return { status: 204 };
    };
  });

  function fresh(): IncidentRow {
    next += 1;
    return microphoneGone(Date.now(), {
      id: next,
      scope: `${states[next % states.length]}/site-1/vc-${next}`,
      openedAt: begunAt + next,
      told: [],
    });
  }

  async function opened(device: Parameters<typeof stage.open>[1] = {}): Promise<void> {
    await stage.open('#/nation', { ...device, reducedMotion: 'reduce' });
    await stage.page.evaluate(() => localStorage.setItem('sabha.name', 'Asha'));
    await stage.page.reload();
    session = await stage.context.newCDPSession(stage.page);
  }

  /** Waits until the page shows all changes: a late one would move the list before the pointer is in it. */
  async function settled(): Promise<void> {
    const waiting = stage.view.content.incidents.filter(({ overAt, acknowledged }) => overAt === null && acknowledged === null);
    const newest = waiting.map(({ id }) => id).sort((a, b) => b - a);
    const lines = stage.page.locator('.needs .line');
    const shown = () => lines.evaluateAll((all) => all.map((one) => Number(one.getAttribute('data-incident'))));
    await expect.poll(shown).toEqual(newest.slice(0, listed));
  }

  /** Adds new incidents at the top of the list, and clears an old one, but never the incident `spared`. */
  async function storm(spared: number): Promise<void> {
    stage.view.change({ incidents: [fresh()] });
    const [old] = stage.view.content.incidents
      .filter(({ overAt, acknowledged }) => overAt === null && acknowledged === null)
      .filter(({ id }) => id !== spared);
    if (old !== undefined && next % 3 === 0) stage.view.change({ incidents: [{ ...old, over: 'cleared', overAt: Date.now() }] });
    await stage.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));
  }

  const acknowledged = () => stage.view.posts.map(([path]) => Number(path.split('/')[3]));

  async function acknowledgeTen(press: (line: Locator) => Promise<void>, leave: () => Promise<void>): Promise<number[]> {
    const meant: number[] = [];
    for (let nth = 0; nth < wanted; nth += 1) {
      await settled();
      const line = stage.page.locator('.needs .line', { has: stage.page.locator('button') }).nth(1);
      const id = Number(await line.getAttribute('data-incident'));
      meant.push(id);
      // Slows the processor only during the changes. Each change then takes time, and the click comes before the redraw.
      await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
      await press(stage.page.locator(`.needs [data-incident="${id}"]`));
      await expect.poll(() => acknowledged().length).toBe(nth + 1);
      await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
      await leave();
    }
    return meant;
  }

  test('keeps the button in place under a pointer that does not move', async () => {
    await opened();
    const meant = await acknowledgeTen(
      async (line) => {
        const spared = Number(await line.getAttribute('data-incident'));
        await line.locator('button').hover();
        for (let at = 0; at < 3; at += 1) await storm(spared);
        await stage.page.mouse.down();
        await stage.page.mouse.up();
      },
      () => stage.page.mouse.move(5, 5),
    );
    expect(acknowledged()).toEqual(meant);
    expect(stage.troubles).toEqual([]);
  }, 300_000);

  test('keeps a button in place between two touches', async () => {
    await opened({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });
    const list = stage.page.locator('.needs .lines').first();
    const meant = await acknowledgeTen(
      async (line) => {
        const spared = Number(await line.getAttribute('data-incident'));
        await line.locator('button').scrollIntoViewIfNeeded();
        for (const type of ['pointerenter', 'pointerleave']) await list.dispatchEvent(type, { pointerType: 'touch' });
        const box = await line.locator('button').boundingBox();
        for (let at = 0; at < 3; at += 1) await storm(spared);
        await stage.page.touchscreen.tap((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
      },
      // Ends the five seconds after a touch in which the list does not move.
      async () => {
        for (const type of ['pointerenter', 'pointerleave']) await list.dispatchEvent(type, { pointerType: 'mouse' });
      },
    );
    expect(acknowledged()).toEqual(meant);
    expect(stage.troubles).toEqual([]);
  }, 300_000);
});
