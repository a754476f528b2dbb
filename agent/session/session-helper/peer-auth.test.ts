import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import type { Answer } from '../../platform/answer.ts';
import { tree } from '../../platform/linux/tree.test-helper.ts';
import type { Platform } from '../../platform/platform.ts';
import { listenLocally } from './ipc-server.ts';
import { type ConsoleUser, createAdmission, refusals, reportHourly } from './peer-auth.ts';

test('reportHourly reports each reason at once and after an hour, with the count of all refusals', () => {
  let up = 0;
  const reported: [number, string, number][] = [];
  const report = reportHourly({ up: () => up }, (why, count) => reported.push([up / 3_600_000, why, count]));
  for (; up <= 7_200_000; up += 30_000) report('another user');
  report('a line that cannot be read');
  expect(reported).toEqual([
    [0, 'another user', 1],
    [1, 'another user', 121],
    [2, 'another user', 241],
    [expect.any(Number), 'a line that cannot be read', 242],
  ]);
});

/** Starts a service at a socket, and records its events. Connection number n belongs to `owners[n]`. */
async function serverFor(owners: Promise<Answer<number>>[], console: { speaker: ConsoleUser }) {
  const events: string[] = [];
  const note = (what: string) => () => void events.push(what);
  const asked = Promise.withResolvers<void>();
  const ask = () => {
    asked.resolve();
    return owners.shift();
  };
  const admission = createAdmission({
    clock: handClock(),
    platform: { ask } as unknown as Platform,
    speaker: async () => console.speaker,
    onJoined: note('joined'),
    onMessage: note('message'),
    onLeft: note('left'),
    onRefused: (why) => void events.push(refusals[why]),
  });
  const address = join(tree({ note: '' }), 'room.sock');
  const accepted = Promise.withResolvers<Socket>();
  const onSocket = (socket: Socket) => {
    admission.admit(socket);
    accepted.resolve(socket);
  };
  const server = await listenLocally({ address, isPipe: false, all: false, onSocket });
  onTestFinished(() => void server.close());
  const connectAs = () => {
    const socket = connect(address);
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined).write('{"type":"proof"}\n');
    return socket;
  };
  return { events, admission, connectAs, accepted: accepted.promise, asked: asked.promise };
}
const user = async (value: number): Promise<Answer<number>> => ({ known: true, value });

test('the service closes the connection of the session helper and admits none while the user at the console is unknown', async () => {
  const console: { speaker: ConsoleUser } = { speaker: { known: true, value: 1 } };
  const { events, admission, connectAs } = await serverFor([user(1), user(1)], console);
  connectAs();
  await expect.poll(() => events).toEqual(['joined']);
  admission.check(console.speaker);
  console.speaker = { known: false, reason: 'Windows does not answer' };
  admission.check(console.speaker);
  expect(events.splice(0)).toEqual(['joined', 'left', refusals.unseen]);
  connectAs();
  await expect.poll(() => events).toEqual([refusals.unseen]);
});

test('the service does not admit a connection that closes while its proof is read', async () => {
  const proof = Promise.withResolvers<Answer<number>>();
  const { events, admission, connectAs, accepted, asked } = await serverFor([proof.promise], { speaker: { known: true, value: 1 } });
  const socket = connectAs();
  const ours = await accepted;
  await asked;
  socket.destroy();
  await once(ours, 'close');
  proof.resolve({ known: true, value: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  expect([events, admission.isJoined()]).toEqual([[], false]);
});
