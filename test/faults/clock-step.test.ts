/**
 * Tests clock steps of the server machine while real PCs are connected. The machine's clock is shared, so a preload changes the clock that
 * `flows` reads.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IncidentView, PcView, Snapshot } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportFigure } from '../figures.ts';
import { ask } from '../system/centre-under-test.ts';
import { createParts, type Parts } from '../system/parts-under-test.ts';
import type { Program } from '../system/processes.ts';
import { type ScriptedPc, startScriptedPc } from '../system/scripted-pc.ts';

const hourMs = 3_600_000;
const patience = { timeout: 60_000, interval: 250 };

describe("F33, R29 a step of the server's clock", () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-clock-'));
  const file = join(folder, 'ahead');
  const ahead = (ms: number) => writeFileSync(file, `${ms}`);
  let parts: Parts;
  let flows: Program;
  let pcs: ScriptedPc[] = [];

  beforeAll(async () => {
    const preload = join(folder, 'set-clock.mjs');
    writeFileSync(
      preload,
      `import { readFileSync } from 'node:fs';
       const real = Date.now;
       let ahead = 0;
       const look = () => { ahead = Number(readFileSync(${JSON.stringify(file)}, 'utf8')); };
       look();
       setInterval(look, 50).unref();
       Date.now = () => real() + ahead;`,
    );
    ahead(-2 * hourMs);
    parts = await createParts({ pcs: ['vc-1', 'vc-2', 'vc-3'] });
    await parts.start('broker');
    flows = await parts.start('flows', { NODE_OPTIONS: `--import=${preload}` });
    pcs = [...parts.tokens.keys()].map((pc) => startScriptedPc({ parts, pc }));
  });

  afterAll(async () => {
    await Promise.all(pcs.map((pc) => pc.stop()));
    parts?.site.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is followed at once, also if the clock was slow at the start, and causes no fault of a PC', async () => {
    await expect.poll(online, patience).toBe(3);
    expect(await behindMs()).toBeGreaterThan(1.9 * hourMs);
    for (const ms of [0, hourMs, 0, -hourMs, 0]) {
      ahead(ms);
      await expect.poll(async () => Math.abs((await behindMs()) + ms), patience).toBeLessThan(5_000);
      expect(await online()).toBe(3);
    }
    const lines = flows.lines.filter(({ msg }) => msg.startsWith('the clock of this machine was set')).map(({ msg }) => msg.slice(34));
    expect(lines).toEqual(['forward by 7200 s', 'forward by 3600 s', 'back by 3600 s', 'back by 3600 s', 'forward by 3600 s']);
    pcs[0]?.set('microphone', 'd1', 'microphone.missing', 'Device 1');
    await expect
      .poll(async () => (await incidents()).map(({ scope, faults }) => [scope, faults[0]?.fault]), patience)
      .toEqual([[pcs[0]?.pc, 'microphone.missing']]);
    const [incident] = await incidents();
    expect(Math.abs((incident?.openedAt ?? 0) - Date.now())).toBeLessThan(60_000);
    reportFigure('F33', '5 steps of 1 to 2 h beside 3 PCs: each followed within 5 s, 0 accused, the time of the next alert right');
  });

  const online = async () => (await ask<PcView[]>(parts.site.ports, '/api/pcs')).filter(({ presence }) => presence === 'online').length;
  const behindMs = async () => Date.now() - (await ask<Snapshot>(parts.site.ports, '/api/snapshot')).at;
  const incidents = () => ask<IncidentView[]>(parts.site.ports, '/api/incidents');
});
