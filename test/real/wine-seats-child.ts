/**
 * Connects service and session helper over real Windows pipes, together with a hostile helper in the same session: `seats-child.mjs FILE`.
 * Writes the results of all three.
 */
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { type Check, type Profile, realClock } from '@sabha/contracts';
import { ownSession } from '../../agent/platform/questions/proof.ts';
import { createJoin } from '../../agent/session/session-helper/ipc-client.ts';
import { listenLocally, sessionPipeAddress } from '../../agent/session/session-helper/ipc-server.ts';
import type { FromHelper } from '../../agent/session/session-helper/messages.ts';
import { createSessionHelper } from '../../agent/session/session-helper/session-helper.ts';
import { createPlatform, localAddress } from '../../agent/this-pc.ts';

const clock = realClock(5);
const platform = createPlatform({ clock });
const seat = localAddress('C:\\Sabha\\room.sock');
const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{}] } };
const camera: Check = { component: 'camera', device: 'expected-1', status: 'ok', fault: null, reason: null };
const checks: FromHelper = { type: 'checks', probes: [{ name: 'camera', checks: [camera] }] };
const refused: string[] = [];
const signal = AbortSignal.timeout(120_000);

/** Polls a condition. Throws when the signal aborts. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    signal.throwIfAborted();
    await passed(20);
  }
}

const onRefused = (why: string) => void refused.push(why);
const run = createSessionHelper({ clock, platform, seat, ownUid: undefined, onRepaired: () => undefined, onRefused });
await run.open();
run.tell({ pc: 'a/b/c', profile, place: undefined, checks: [] });
const said = () => run.answer('camera', profile).checks[0]?.status;
const room = createJoin({
  clock,
  platform,
  random: Math.random,
  log: { info: () => undefined, warn: () => undefined },
  seat,
  onRoom: () => room.send(checks),
  onOrder: () => undefined,
  onAlive: () => undefined,
});
room.start();
await until(() => said() === 'ok');
const seen: Record<string, unknown> = {};
for (let n = 0; n < 300; n += 1) room.send({ type: 'alive' });
await until(() => refused.length > 0);
seen['flood'] = [refused.at(-1), said()];
room.stop();
const own = await platform.ask(ownSession, signal);
const address = sessionPipeAddress(seat, own.known ? own.value : 0);
for (const [name, text] of Object.entries({ garbage: 'GET / HTTP/1.1\r\n\r\n', long: 'x'.repeat(1_048_576) })) {
  const onSocket = (socket: Socket) => void socket.on('error', () => undefined).write(text);
  const server = await listenLocally({ address, isPipe: true, all: false, onSocket });
  const before = refused.length;
  await until(() => refused.length > before);
  server.close();
  seen[name] = refused.at(-1);
}
writeFileSync(process.argv[2] ?? '', JSON.stringify(seen));
process.exit(0);
