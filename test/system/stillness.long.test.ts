// @module-tag long
/** F32: processes of Sabha that stand still and go on. Time runs ten times faster; nobody is to be accused for what was not theirs. */
import { setTimeout as delay } from 'node:timers/promises';
import { faults, type IncidentRow, type IncidentView, type PcView, type Snapshot } from '@sabha/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tellFigure } from '../figures.ts';
import { ask, createSite, isStarved, isUp, type Ports, startCentre } from './centre-under-test.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import { noneLeft, type Program } from './processes.ts';
import { type ScriptedPc, startScriptedPc } from './scripted-pc.ts';

const speed = 10;
/** A second and a minute of the centre's time, in ours. */
const second = 1_000 / speed;
const minute = 60 * second;
const gapMs = 5 * minute;
/** As long as a will may stand, and a little more: who was accused for the gap is by then. */
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
/** The mails that say that a PC is silent, and those about the centre itself. */
const accusing = () =>
  mailbox.mails.filter(({ subject }) => titles('pc.silent', 'centre.unheard').some((title) => subject.includes(title)));
const own = (flows: Pick<Program, 'lines'>) => {
  const ours = titles(...(isStarved(flows) ? [] : (['centre.slow'] as const)), 'centre.broker_lost', 'centre.restarts');
  return mailbox.mails.filter(({ subject }) => ours.some((title) => subject.includes(title)));
};

/** Stops a process for so long, by its number. */
async function standStill(pid: number, forMs: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await delay(forMs).finally(() => process.kill(pid, 'SIGCONT'));
}

/** Every incident that says that a PC is silent, in full. */
async function silences(ports: Ports): Promise<IncidentView[]> {
  const rows = await ask<IncidentRow[]>(ports, '/api/incidents');
  const views = await Promise.all(rows.map(({ id }) => ask<IncidentView>(ports, `/api/incidents/${id}`)));
  return views.filter(({ faults: found }) => found.some(({ fault }) => fault === 'pc.silent' || fault === 'centre.unheard'));
}

test('F32 the supervisor stands still for five minutes: the parts go on, nobody is told of anything, and afterwards it starts again what ends', async ({
  task,
}) => {
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
    tellFigure(task, 'F32', 'the supervisor stood still for 5 min: 0 PCs accused, 0 messages of the centre’s own');
  } finally {
    site.remove();
  }
});

describe('beside three PCs', () => {
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
  const scraped = async () => await (await fetch(`http://127.0.0.1:${parts.site.ports.exporter}/metrics/pcs`)).text();
  // In the order of the paths: the page has that of the first words.
  const ups = (page: string) => [...page.matchAll(/^sabha_pc_up\{.*pc="([^"]+)"\} (\d)$/gm)].map(([, pc, up]) => `${pc} ${up}`).sort();

  test('F32 the event loop of flows is blocked for 30 s: no PC is accused, and nobody is told of anything', async ({ task }) => {
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
    await flows.says('no silence is judged: this process stood still');
    await delay(accusedWithinMs);
    expect(await silences(parts.site.ports)).toEqual([]);
    expect([accusing().length, own(flows).length]).toEqual([0, 0]);
    expect(await presences()).toEqual(['online', 'online', 'online']);
    tellFigure(task, 'F32', `the event loop of flows blocked for ${blockedFor.toFixed(0)} s: 0 of 3 PCs accused, 0 messages`);
  });

  test('F32 the exporter stands still for five minutes: whoever reads it has no answer, and then none that is green for a PC that stopped meanwhile', async ({
    task,
  }) => {
    const flows = await parts.start('flows');
    const exporter = await parts.start('dashboards');
    start(1, 2, 3);
    await expect.poll(async () => ups(await scraped()), patience).toEqual([1, 2, 3].map((n) => `${path(n)} 1`));
    const still = standStill(exporter.pid, gapMs);
    const asked = await fetch(`http://127.0.0.1:${parts.site.ports.exporter}/metrics/pcs`, { signal: AbortSignal.timeout(1_000) }).catch(
      ({ name }) => name,
    );
    expect(asked).toBe('TimeoutError');
    await pcs.shift()?.stop();
    // It waits in the socket and is answered in the first moment; what the other two said meanwhile may have been read by then.
    const first = scraped();
    await still;
    expect(ups(await first)).not.toContain(`${path(1)} 1`);
    await expect.poll(async () => ups(await scraped()), patience).toEqual([`${path(1)} 0`, `${path(2)} 1`, `${path(3)} 1`]);
    expect(own(flows)).toEqual([]);
    tellFigure(
      task,
      'F32',
      'the exporter stood still for 5 min: no answer meanwhile, 0 PCs green in the first one after, all right in the next',
    );
  });

  test('F32 an agent that stands still is silent only where that lasts beyond its limit, and says at its return that it did not run', async ({
    task,
  }) => {
    const flows = await parts.start('flows');
    start(2, 3);
    const agent = await parts.start('agent');
    await expect.poll(presences, patience).toEqual(['online', 'online', 'online']);
    await standStill(agent.pid, 60 * second);
    await delay(accusedWithinMs);
    expect(accusing()).toEqual([]);
    await standStill(agent.pid, gapMs);
    const outages = async () =>
      (await ask<IncidentRow[]>(parts.site.ports, '/api/incidents')).flatMap(({ scope, outage }) => (outage ? [{ scope, ...outage }] : []));
    // Only by what it says of itself is this no line that was cut.
    await expect.poll(outages, patience).toMatchObject([{ scope: path(1), cause: 'pc-off', to: expect.any(Number) }]);
    expect(accusing().filter(({ subject }) => !subject.includes('Room pc-1'))).toEqual([]);
    expect(own(flows)).toEqual([]);
    expect(new Set(accusing().map(({ key }) => key)).size).toBe(accusing().length);
    tellFigure(
      task,
      'F32',
      'an agent stood still for 1 min: not accused; for 5 min: silent alone, and its return says that the PC did not run',
    );
  });
});
