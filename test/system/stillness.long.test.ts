// @module-tag long
/** F32: pauses processes of Sabha and continues them. Time runs ten times faster; no PC may be reported silent because of the pause. */
import { setTimeout as delay } from 'node:timers/promises';
import { faults, type IncidentRow, type IncidentView, type PcView, type Snapshot } from '@sabha/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reportFigure } from '../figures.ts';
import { ask, createSite, isStarved, isUp, type Ports, startCentre } from './centre-under-test.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import { noneLeft, type Program } from './processes.ts';
import { type ScriptedPc, startScriptedPc } from './scripted-pc.ts';

const speed = 10;
/** A second and a minute of the server clock, in real ms. */
const second = 1_000 / speed;
const minute = 60 * second;
const gapMs = 5 * minute;
/** Longer than the grace period of a last will, in real ms, so that a wrong report would have arrived. */
const accusedWithinMs = 110 * second;
const patience = { timeout: 60_000 };
const people = ['technician', 'central'].map((role) => ({ id: role, name: role, role, email: `${role}@office.test` }));

let mailbox: Mailbox;
beforeEach(async () => {
  mailbox = await openMailbox();
});
afterEach(() => mailbox.close());

const settings = () => ({ people, channels: { email: { port: mailbox.port } } });
const titles = (...ids: (keyof typeof faults)[]) => ids.map((id) => faults[id].title.en);
/** Returns the mails that report a silent PC. */
const accusing = () =>
  mailbox.mails.filter(({ subject }) => titles('pc.silent', 'centre.unheard').some((title) => subject.includes(title)));
const own = (flows: Pick<Program, 'lines'>) => {
  const ours = titles(...(isStarved(flows) ? [] : (['centre.slow'] as const)), 'centre.broker_lost', 'centre.restarts');
  return mailbox.mails.filter(({ subject }) => ours.some((title) => subject.includes(title)));
};

async function standStill(pid: number, forMs: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await delay(forMs).finally(() => process.kill(pid, 'SIGCONT'));
}

/** Returns every incident about a silent PC, in full. */
async function silences(ports: Ports): Promise<IncidentView[]> {
  const rows = await ask<IncidentRow[]>(ports, '/api/incidents');
  const views = await Promise.all(rows.map(({ id }) => ask<IncidentView>(ports, `/api/incidents/${id}`)));
  return views.filter(({ faults: found }) => found.some(({ fault }) => fault === 'pc.silent' || fault === 'centre.unheard'));
}

test('F32 a supervisor that is paused for five minutes stops no part and sends no notification, and restarts parts afterwards', async () => {
  const site = await createSite(settings(), { SABHA_SPEED: `${speed}` });
  try {
    const centre = startCentre(site);
    await isUp(centre);
    await standStill(centre.pid, gapMs);
    await delay(accusedWithinMs);
    expect(await silences(site.ports)).toEqual([]);
    expect([accusing().length, own(centre).length]).toEqual([0, 0]);
    const before = centre.pidOf('dashboards');
    process.kill(before || Number.NaN, 'SIGKILL');
    await expect.poll(() => centre.pidOf('dashboards'), patience).not.toBeOneOf([before, 0]);
    await centre.stop();
    await noneLeft(site.folder, 30_000);
    reportFigure('F32', 'the supervisor stood still for 5 min: 0 PCs accused, 0 messages of the centre’s own');
  } finally {
    site.remove();
  }
});

describe('a server with three PCs', () => {
  let parts: Parts;
  const pcs: ScriptedPc[] = [];
  const path = (n: number) => `ladakh/leh/pc-${n}`;

  beforeEach(async () => {
    parts = await createParts({ pcs: ['pc-1', 'pc-2', 'pc-3'], speed, settings: settings() });
    await parts.start('broker');
  });
  afterEach(async () => {
    await Promise.all(pcs.splice(0).map((pc) => pc.stop()));
    parts.site.remove();
  });

  const start = (...numbers: number[]) => void pcs.push(...numbers.map((n) => startScriptedPc({ parts, pc: path(n) })));
  const presences = async () => (await ask<PcView[]>(parts.site.ports, '/api/pcs')).map(({ presence }) => presence);
  test('F32 after its event loop was blocked for 30 s, flows judges no PC silent and sends no notification', async () => {
    const flows = await parts.start('flows', {
      NODE_OPTIONS: `--import=${import.meta.dirname}/block-loop.ts`,
      SABHA_BLOCK_MS: `${30 * second}`,
    });
    start(1, 2, 3);
    await expect.poll(presences, patience).toEqual(['online', 'online', 'online']);
    process.kill(flows.pid, 'SIGUSR2');
    await flows.says('the event loop is blocked');
    const askedAt = performance.now();
    await ask<Snapshot>(parts.site.ports, '/api/snapshot');
    const blockedFor = (performance.now() - askedAt) / second;
    expect(blockedFor).toBeGreaterThan(25);
    await flows.says('no PC is judged offline for now: this process was paused');
    await delay(accusedWithinMs);
    expect(await silences(parts.site.ports)).toEqual([]);
    expect([accusing().length, own(flows).length]).toEqual([0, 0]);
    expect(await presences()).toEqual(['online', 'online', 'online']);
    reportFigure('F32', `the event loop of flows blocked for ${blockedFor.toFixed(0)} s: 0 of 3 PCs accused, 0 messages`);
  });
});
