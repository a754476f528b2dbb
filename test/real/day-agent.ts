/** The agent in a room of the simulation: what it says and what that costs is real, and its day has four faults, each found and mended. */
import { join } from 'node:path';
import { realClock } from '#contracts';
import { createAgent } from '../../agent/assembly/agent.ts';
import { identityFolder, openIdentity } from '../../agent/identity/identity.ts';
import { readAgentSettings } from '../../agent/identity/settings.ts';
import { createBudget } from '../../agent/net/data-budget.ts';
import { createProbes } from '../../agent/probes/probes.ts';
import { openSpoolDisk } from '../../agent/spool/database.ts';
import { createConfigStore } from '../../agent/store/config-store.ts';
import { budgetFile } from '../../agent/store/kept-file.ts';
import { accessByCertificate } from '../../agent/uplink/centre-access.ts';
import { createRoom, type RoomFault } from '../fleet/room.ts';
import { randomFrom } from '../random.ts';

const hourMs = 3_600_000;
const day: readonly [RoomFault, number, number][] = [
  ['microphone.missing', 3, 4],
  ['speaker.muted', 8, 9],
  ['pc.load_high', 12, 13],
  ['camera.missing', 17, 19],
];

const dataDir = process.env['SABHA_DATA'] ?? '';
const opened = openIdentity(identityFolder(dataDir));
if (!opened.ok || opened.value === undefined) throw new Error(`${dataDir}: no identity`);
const settings = readAgentSettings(process.env, opened.value.pc);
if (!settings.ok) throw new Error(settings.line);
const log = { info: () => undefined, warn: (_: object, line: string) => console.error(line) };
const clock = realClock(settings.value.speed, settings.value.epochMs);
const budget = createBudget({ clock, store: budgetFile(dataDir, log) });
const access = accessByCertificate(settings.value, { identity: opened.value, log, budget });
const room = createRoom({ elevationM: 3_524, clock, random: randomFrom(7) });
const agent = createAgent({
  ...access,
  ...{ pc: settings.value.pc, version: '0.1.0', clock, log, budget, profile: settings.value.profile },
  centre: { ...access.centre, anchors: [] },
  platform: room.platform(),
  probes: createProbes({ clock, ask: room.ups }),
  disk: openSpoolDisk(join(dataDir, 'spool.db')),
  configs: createConfigStore(join(dataDir, 'config.json')),
  random: Math.random,
  restart: () => undefined,
});
agent.start();
for (const [fault, from, to] of day) {
  clock.after(from * hourMs, () => room.set(fault, true));
  clock.after(to * hourMs, () => room.set(fault, false));
}
/** How many events happen beside the day, and how far apart they are. */
const [events = 0, gapMs = 0] = (process.env['DAY_EVENTS'] ?? '').split('x').map(Number);
for (let at = 0; at < events; at += 1) clock.after(5_000 + at * gapMs, () => agent.record('noted', { number: at }));
process.once('SIGTERM', () => void agent.stop('stopped').then(() => process.exit(0)));
