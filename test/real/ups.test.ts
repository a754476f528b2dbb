/** Tests the power probe and the last gasp with a real upsd and a UPS that a file describes. */
import { connect } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { type Profile, realClock } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { seeded } from '../../agent/checks/agent.test-helper.ts';
import type { Probe } from '../../agent/checks/probe.ts';
import { createNut } from '../../agent/link/net/nut.ts';
import { createUnsupported } from '../../agent/platform/unsupported.ts';
import { createClimateProbe } from '../../agent/probes/pc/climate.ts';
import { createPowerProbe } from '../../agent/probes/pc/power.ts';
import { openSpoolDisk } from '../../agent/uplink/spool/database.ts';
import { pc, wire } from '../../agent/uplink/uplink.test-helper.ts';
import { type NutServer, nutFound, nutServer } from './nut.ts';
import { requirePart } from './parts.ts';

const patience = { timeout: 60_000 };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const full = {
  'ups.status': 'OL',
  'battery.charge': '100',
  'battery.runtime': '1800',
  'ambient.temperature': '21',
  'ambient.humidity': '15',
};

describe.skipIf(!requirePart('Network UPS Tools', nutFound()))('a UPS with a real upsd', () => {
  let nut: NutServer;
  beforeAll(async () => {
    nut = await nutServer(full);
  });
  afterAll(() => nut?.remove());

  const profileOf = (name = 'room', elevationM = 3_524): Profile => ({
    link: 'geo',
    elevationM,
    expected: {},
    ups: { name, host: '127.0.0.1', port: nut.port },
  });
  const ask = createNut({ connect, clock: realClock() });
  const look = async (probe: Probe, profile = profileOf()) => {
    const result = await probe.run({ platform: createUnsupported(), profile, self, signal: AbortSignal.timeout(probe.timeoutMs) });
    const lines = result.checks.map(({ device, status, fault, reason }) => [device, fault ?? status, reason].filter(Boolean).join(' '));
    return { ...result, lines };
  };
  const power = createPowerProbe(ask);
  /** Polls the probe: the driver and the server need seconds to follow a change. */
  const says = (...lines: string[]) => expect.poll(async () => (await look(power)).lines, patience).toEqual(lines);

  it('reports mains, charge and runtime, and the climate of the room from the sensor of the UPS', async () => {
    await says('mains ok', 'ups ok');
    expect((await look(power)).numbers).toEqual({ ac: 1, uc: 1, ur: 1_800 });
    expect(await look(createClimateProbe({ ask }))).toMatchObject({
      lines: expect.arrayContaining(['room ok', 'air climate.dry_air']),
      numbers: { room: 21, rh: 0.15 },
    });
  });

  it('reports each step of a power cut: on battery, about to end, mains back, and a worn-out battery', async () => {
    await nut.say({ ...full, 'ups.status': 'OB DISCHRG', 'battery.charge': '60', 'battery.runtime': '700' });
    await says('mains power.on_battery', 'ups ok');
    await nut.say({ ...full, 'ups.status': 'OB DISCHRG LB', 'battery.charge': '9', 'battery.runtime': '300' });
    await says('mains power.on_battery', 'ups power.battery_low');
    expect((await look(power)).power).toEqual({ onMains: false, isEnding: true, runtimeMs: 300_000 });
    await nut.say({ ...full, 'ups.status': 'OL CHRG RB' });
    await says('mains ok', 'ups power.ups_replace');
    await nut.say(full);
    await says('mains ok', 'ups ok');
  });

  it('the UPS is lost while its driver is suspended or dead, and is found again afterwards', async () => {
    await nut.driver('freeze');
    const stale = 'the UPS no longer reports its state';
    await says(`mains unknown ${stale}`, `ups power.ups_lost ${stale}`);
    await nut.driver('thaw');
    await says('mains ok', 'ups ok');
    await nut.driver('kill');
    const gone = 'the driver of the UPS does not run';
    await says(`mains unknown ${gone}`, `ups power.ups_lost ${gone}`);
    await nut.driver('start');
    await says('mains ok', 'ups ok');
  });

  it('the UPS is unknown, not a fault, when upsd does not know its name', async () => {
    const reason = 'upsd does not know this UPS';
    expect((await look(power, profileOf('hall'))).lines).toEqual([`mains unknown ${reason}`, `ups unknown ${reason}`]);
  });

  it('a query of the UPS costs less than 5 ms of processor time', async () => {
    await look(power);
    const before = process.cpuUsage();
    for (let n = 0; n < 50; n += 1) await look(power);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000 / 50).toBeLessThan(5);
  });

  it('the agent sends one last gasp soon after "low battery", with the state that explains it', async () => {
    await nut.say({ ...full, 'ups.status': 'OB', 'battery.runtime': '700' });
    await says('mains power.on_battery', 'ups ok');
    // The clock is ten times as fast: on battery the agent then polls the UPS every half second.
    const clock = realClock(10);
    const net = wire(clock);
    const agent = createAgent({
      pc,
      version: '0.1.0',
      token: 't',
      centreKey: null,
      platform: createUnsupported(),
      probes: [createPowerProbe(ask)],
      transport: net.transport,
      disk: openSpoolDisk(new DatabaseSync(':memory:')),
      configs: { load: () => ({ config: undefined, problem: null }), save: () => null },
      profile: profileOf(),
      clock,
      random: seeded(3),
      log: { info: () => {}, warn: () => {} },
      restart: () => {},
    });
    agent.start();
    const gasps: unknown[] = [];
    const heard = () => {
      gasps.push(...net.take('presence').filter(({ message }) => message.kind === 'gasp'));
      return gasps;
    };
    await expect.poll(() => net.take('state').length, patience).toBeGreaterThan(0);
    expect(heard()).toEqual([]);
    await nut.say({ ...full, 'ups.status': 'OB LB', 'battery.runtime': '100' });
    await expect.poll(heard, patience).toMatchObject([{ message: { kind: 'gasp', reason: 'power', runtimeMs: 100_000 } }]);
    expect(net.take('state').at(-1)?.message.checks).toMatchObject([{ device: 'ups', fault: 'power.battery_low' }]);
    await clockPasses(clock, 20_000);
    expect(heard()).toHaveLength(1);
    await agent.stop('stopped');
  });

  it('the UPS is unknown, not a fault, when upsd is stopped', async () => {
    await nut.stopServer();
    const reason = 'upsd does not answer';
    await says(`mains unknown ${reason}`, `ups unknown ${reason}`);
  });
});

function clockPasses(clock: ReturnType<typeof realClock>, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
