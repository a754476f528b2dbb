/**
 * An agent with a simulated room for the test of the data budget. All its traffic is real. In the first two hours the four faults of a day
 * come and go. Each full hour it writes down the bytes used.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTrainRequest, realClock } from '@sabha/contracts';
import { createAgent } from '../../agent/agent.ts';
import { identityFolder, openIdentity } from '../../agent/identity/identity.ts';
import { readAgentSettings } from '../../agent/identity/settings.ts';
import { createBudget } from '../../agent/link/net/data-budget.ts';
import { udpWireBytes } from '../../agent/link/net/meter.ts';
import type { OpenUdp } from '../../agent/link/net/udp.ts';
import { createProbes } from '../../agent/probes/probes.ts';
import { accessByCertificate } from '../../agent/uplink/server-access.ts';
import { openSpoolDisk } from '../../agent/uplink/spool/database.ts';
import { createConfigStore } from '../../agent/uplink/store/config-store.ts';
import { budgetFile } from '../../agent/uplink/store/data-folder.ts';
import { createRoom, type RoomFault } from '../fleet/room.ts';
import { randomFrom } from '../random.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Start and end of each fault, in minutes from the start. */
const faults: readonly [RoomFault, number, number][] = [
  ['microphone.missing', 20, 35],
  ['speaker.muted', 45, 60],
  ['pc.load_high', 65, 95],
  ['camera.missing', 100, 115],
];
const lastHour = 24;

/** Bytes on the wire up to the end of an hour. `trains` holds the share of each capacity measurement in `tests`. */
export type HourUsed = { telemetry: number; tests: number; trains: number[] };

const dataDir = process.env['SABHA_DATA'] ?? '';
const opened = openIdentity(identityFolder(dataDir));
if (!opened.ok || opened.value === undefined) throw new Error(`${dataDir}: no identity`);
const settings = readAgentSettings(process.env, opened.value.pc);
if (!settings.ok) throw new Error(settings.line);
const log = { info: () => undefined, warn: (_: object, line: string) => console.error(line) };
const clock = realClock(settings.value.speed, settings.value.epochMs);
const budget = createBudget({ clock, store: budgetFile(dataDir, log) });
const access = accessByCertificate(settings.value, { identity: opened.value, log, budget });
const room = createRoom({ elevationM: 3_524, clock, random: randomFrom(7), hasBattery: true });
const trains: number[] = [];
const agent = createAgent({
  ...access,
  udp: counted(access.udp),
  pc: settings.value.pc,
  version: '0.1.0',
  clock,
  log,
  budget,
  profile: settings.value.profile,
  centre: { ...access.centre, anchors: [] },
  platform: room.platform(),
  probes: createProbes({ clock, ask: room.ups }),
  disk: openSpoolDisk(join(dataDir, 'spool.db')),
  configs: createConfigStore(join(dataDir, 'config.json')),
  random: Math.random,
  restart: () => undefined,
});
agent.start();
for (const [fault, from, to] of faults) {
  clock.after(from * minuteMs, () => room.set(fault, true));
  clock.after(to * minuteMs, () => room.set(fault, false));
}
for (let hour = 1; hour <= lastHour; hour += 1) clock.after(hour * hourMs, () => writeDown(hour));
/** Number of extra events, and the gap between two, from `DAY_EVENTS`. */
const [events = 0, gapMs = 0] = (process.env['DAY_EVENTS'] ?? '').split('x').map(Number);
for (let at = 0; at < events; at += 1) clock.after(5_000 + at * gapMs, () => agent.record('noted', { number: at }));
process.once('SIGTERM', () => void agent.stop('stopped').then(() => process.exit(0)));

/** Writes the file atomically, because the test polls for it. */
function writeDown(hour: number): void {
  const { telemetryBytes: telemetry, testBytes: tests } = budget.figures();
  const file = join(dataDir, `hour-${hour}.json`);
  writeFileSync(`${file}.new`, JSON.stringify({ telemetry, tests, trains } satisfies HourUsed));
  renameSync(`${file}.new`, file);
}

/** Counts all bytes of a socket that requests packet trains as bytes of its capacity measurement. */
function counted(open: OpenUdp): OpenUdp {
  return async (port, onPacket) => {
    let nth: number | undefined;
    const count = (packet: Buffer) => {
      if (nth !== undefined) trains[nth] = (trains[nth] ?? 0) + udpWireBytes(packet.length);
    };
    const socket = await open(port, (packet) => {
      count(packet);
      onPacket(packet);
    });
    if (typeof socket === 'string') return socket;
    const send = (packet: Buffer) => {
      if (nth === undefined && isTrainRequest(packet)) nth = trains.push(0) - 1;
      count(packet);
      socket.send(packet);
    };
    return { ...socket, send };
  };
}
