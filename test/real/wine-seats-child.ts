/** The two seats over real pipes of Windows, and whoever else waits to be called: `seats-child.mjs FILE`. What became of each. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { type Check, type Profile, realClock } from '#contracts';
import { leaveWord } from '../../agent/platform/questions/proof.ts';
import { callRooms } from '../../agent/seats/calling.ts';
import { openDoor, pipeOf } from '../../agent/seats/door.ts';
import { createJoin } from '../../agent/seats/join.ts';
import type { FromRoom } from '../../agent/seats/messages.ts';
import { createRoomSeat } from '../../agent/seats/seats.ts';
import { wayTo } from '../../agent/seats/way.ts';
import { createPlatform, doorAddress } from '../../agent/this-pc.ts';

const clock = realClock(5);
const platform = createPlatform({ clock });
const seat = doorAddress('C:\\Sabha\\room.sock');
const { random } = Math;
const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{}] } };
const camera: Check = { component: 'camera', device: 'expected-1', status: 'ok', fault: null, reason: null };
const checks: FromRoom = { type: 'checks', probes: [{ name: 'camera', checks: [camera] }] };
const refused: string[] = [];
const signal = AbortSignal.timeout(120_000);

/** It comes within seconds; what never comes ends the test. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    signal.throwIfAborted();
    await passed(20);
  }
}

const run = createRoomSeat({
  clock,
  platform,
  random,
  ownUid: undefined,
  onMended: () => undefined,
  open: async (entrance) => callRooms({ ...entrance, seat, clock, platform }),
  onRefused: (why) => void refused.push(why),
});
await run.open();
run.tell({ pc: 'a/b/c', profile, place: undefined, checks: [] });
const said = () => run.answer('camera', profile).checks[0]?.status;
const log = { info: () => undefined, warn: () => undefined };
const room = createJoin({
  clock,
  platform,
  random,
  log,
  way: wayTo(seat, { clock, platform }),
  onRoom: () => room.send(checks),
  onOrder: () => undefined,
  onAlive: () => undefined,
});
room.start();
await until(() => said() === 'ok');

const strangers = { second: '{"type":"proof"}\n', garbage: 'GET / HTTP/1.1\r\n\r\n', long: 'x'.repeat(1_048_576) };
const seen: Record<string, unknown> = {};
for (const [name, text] of Object.entries(strangers)) {
  const word = randomBytes(16).toString('hex');
  const onSocket = (socket: Socket) => void socket.on('error', () => undefined).write(text);
  const server = await openDoor({ address: pipeOf(seat, word), isPipe: true, all: false, onSocket });
  await platform.ask(leaveWord(seat.name, word), signal);
  const before = refused.length;
  await until(() => refused.length > before);
  server.close();
  seen[name] = [refused.at(-1), said()];
}
const before = refused.length;
for (let n = 0; n < 300; n += 1) room.send({ type: 'alive' });
await until(() => refused.length > before);
seen['flood'] = [refused.at(-1), said()];
writeFileSync(process.argv[2] ?? '', JSON.stringify(seen));
process.exit(0);
