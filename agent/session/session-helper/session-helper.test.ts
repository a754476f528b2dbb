import { linkSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../checks/agent.test-helper.ts';
import { silentMs } from './messages.ts';
import { type Refusal, refusals } from './peer-auth.ts';
import { checksMessage, me, profile, seatOf, setUpChannel, type TestHelper } from './session-helper.test-helper.ts';

type Pc = Awaited<ReturnType<typeof setUpChannel>>;

const nobody = 'nobody is signed in at its screen';
const known = { pc: 'a/b/c', profile, place: undefined, checks: [] };

async function joined(pc: Pc, says: object = checksMessage()): Promise<TestHelper> {
  pc.seat.tell(known);
  const guest = pc.knock();
  await guest.prove();
  await expect.poll(() => guest.heard.some(({ type }) => type === 'room'), { interval: 5 }).toBe(true);
  guest.say(says);
  return guest;
}

function camera({ seat }: Pc) {
  const { checks, unknown } = seat.answer('camera', profile);
  return unknown ?? checks.map(({ fault, status }) => fault ?? status).join();
}

async function refusal(guest: TestHelper, why: Refusal): Promise<void> {
  await expect.poll(() => guest.isGone()).toBe(true);
  expect(guest.why()).toBe(refusals[why]);
}

test('the service returns the last checks of the session helper, and signals a change at once', async () => {
  const pc = await setUpChannel();
  let told = 0;
  const unwatch = pc.seat.watch('camera', () => {
    told += 1;
  });
  expect(camera(pc)).toBe('not checked since the start');
  const guest = await joined(pc);
  expect(guest.heard.find(({ type }) => type === 'room')).toMatchObject({ pc: 'a/b/c', profile });
  await expect.poll(() => camera(pc)).toBe('ok');
  guest.say(checksMessage('camera.missing'));
  await expect.poll(() => camera(pc)).toBe('camera.missing');
  expect(told).toBe(2);
  guest.say(checksMessage('camera.missing'));
  pc.seat.tell({ ...known, pc: 'a/b/d' });
  await expect.poll(() => guest.heard.filter(({ type }) => type === 'room')).toHaveLength(2);
  expect(told).toBe(2);
  unwatch();
});

test('the service treats a helper as silent after three intervals without a message, closes it, and lets it join again', async () => {
  const pc = await setUpChannel();
  const guest = await joined(pc);
  await expect.poll(() => camera(pc)).toBe('ok');
  await pc.clock.pass(silentMs - 1_000);
  guest.say({ type: 'alive' });
  // Messages of one connection arrive in order: after the response to this one, the service has received the message before.
  const asked = pc.seat.ask({ verb: 'look' });
  await expect.poll(() => guest.heard.find(({ type }) => type === 'order')).toBeDefined();
  guest.say({ type: 'done', id: 1, result: { done: true } });
  expect(await asked).toEqual({ done: true });
  await pc.clock.pass(silentMs - 1_000);
  expect(camera(pc)).toBe('ok');
  let told = 0;
  pc.seat.watch('camera', () => {
    told += 1;
  });
  await pc.clock.pass(6_000);
  expect([camera(pc), told]).toEqual(['the session helper is silent', 1]);
  await refusal(guest, 'silent');
  await joined(pc, checksMessage('camera.held'));
  await expect.poll(() => camera(pc)).toBe('camera.held');
  expect(told).toBeGreaterThan(1);
});

test('the service reports unknown while no user is signed in, and replaces the helper when another user signs in', async () => {
  const pc = await setUpChannel(seatOf(null));
  expect(camera(pc)).toBe(nobody);
  const early = pc.knock();
  await early.prove();
  await refusal(early, 'nobody');
  pc.sits(me);
  const guest = await joined(pc);
  await expect.poll(() => camera(pc)).toBe('ok');
  pc.sits(me + 1);
  await expect.poll(() => pc.clock.pass(5_000).then(guest.why)).toBe(refusals.other);
  expect(camera(pc)).toBe('the session helper is silent');
  const late = pc.knock();
  await late.prove();
  await refusal(late, 'other');
  pc.sits(null);
  await expect.poll(() => pc.clock.pass(5_000).then(() => camera(pc))).toBe(nobody);
});

test('the service admits only the user of the agent on a system without logind', async () => {
  const pc = await setUpChannel({});
  await joined(pc);
  await expect.poll(() => camera(pc)).toBe('ok');
});

test('S15 the service refuses a proof for another connection, with a second name, or as a link or a pipe', async () => {
  const pc = await setUpChannel();
  const shm = join(pc.root, 'dev/shm');
  const guest = await joined(pc);
  const stranger = async (lay: (path: string, nonce: string) => void) => {
    const one = pc.knock();
    await expect.poll(() => one.heard).toHaveLength(1);
    const nonce = `${one.heard[0]?.['nonce']}`;
    lay(join(shm, `sabha-room-${nonce}`), nonce);
    one.say({ type: 'proof' });
    await refusal(one, 'unproven');
  };
  await stranger(() => undefined);
  await stranger((path) => writeFileSync(path, 'a'.repeat(32)));
  await stranger((path, nonce) => {
    writeFileSync(join(shm, 'mine'), nonce);
    linkSync(join(shm, 'mine'), path);
  });
  await stranger((path, nonce) => {
    writeFileSync(join(shm, 'his'), nonce);
    symlinkSync(join(shm, 'his'), path);
  });
  await stranger((path) => renameSync(join(shm, readdirSync(shm).find((name) => name === 'his') ?? ''), path));
  expect(pc.refused).toEqual(Array(5).fill(refusals.unproven));
  guest.say(checksMessage('camera.missing'));
  await expect.poll(() => camera(pc)).toBe('camera.missing');
});

test('the service refuses a second helper, unreadable lines, an endless line and slow bytes, and keeps the first helper', async () => {
  const pc = await setUpChannel();
  const guest = await joined(pc);
  const trial = async (why: Refusal, act: (one: TestHelper) => unknown) => {
    const one = pc.knock();
    await act(one);
    await refusal(one, why);
  };
  await trial('second', (one) => one.prove());
  await trial('garbage', (one) => one.say('GET / HTTP/1.1\r\n\r\n'));
  await trial('garbage', (one) => one.say(checksMessage()));
  await trial('garbage', (one) => one.say('x'.repeat(1_048_576)));
  await trial('unproven', async (one) => {
    for (const byte of '{"type":') one.say(byte);
    await expect.poll(() => one.heard).toHaveLength(1);
    await pc.clock.pass(5_000);
  });
  expect(pc.refused).toEqual((['second', 'garbage', 'garbage', 'garbage', 'unproven'] as const).map((why) => refusals[why]));
  guest.say(checksMessage('camera.missing'));
  await expect.poll(() => camera(pc)).toBe('camera.missing');
});

test('the service closes the helper of the user at the PC for invalid messages, and lets it join again', async () => {
  const pc = await setUpChannel();
  const trials: [Refusal, object | string][] = [
    ['garbage', 'x'.repeat(2 ** 20)],
    ['flood', '{"type":"alive"}\n'.repeat(300)],
    ['flood', '{"type":"mended","mended":{"what":"fixed","steps":[]}}\n'.repeat(12)],
    ['garbage', '{"type":"checks","probes":[{"name":"pc","checks":[]}]}\n'],
    [
      'garbage',
      { type: 'checks', probes: [{ name: 'camera', checks: Array(500).fill(checksMessage('camera.held').probes[0]?.checks[0]) }] },
    ],
    ['garbage', { type: 'proof' }],
    ['garbage', '[]\n'],
  ];
  for (const [why, sent] of trials) {
    const guest = await joined(pc);
    await expect.poll(() => camera(pc)).toBe('ok');
    guest.say(sent);
    await refusal(guest, why);
  }
  expect(pc.refused).toEqual(trials.map(([why]) => refusals[why]));
  expect(pc.mended.length).toBeLessThanOrEqual(10);
  // The service ignores a check of another component.
  const guest = await joined(pc, {
    type: 'checks',
    probes: [{ name: 'camera', checks: [{ ...checksMessage().probes[0]?.checks[0], component: 'pc' }] }],
  });
  await expect.poll(() => pc.seat.answer('camera', profile)).toEqual({ checks: [] });
  guest.socket.destroy();
});

test('the service forwards an order to the session helper, and returns done, a refusal with its reason, or a timeout', async () => {
  const pc = await setUpChannel();
  const order = { verb: 'set-default-device', kind: 'microphone', name: 'Room' } as const;
  expect(await pc.seat.ask(order)).toEqual({ done: false, reason: 'the session helper is silent' });
  const guest = await joined(pc);
  const orders = () => guest.heard.filter(({ type }) => type === 'order');
  const results = [{ done: true }, { done: false, reason: 'no microphone has this in its name' }];
  for (const [at, result] of results.entries()) {
    const asked = pc.seat.ask(order);
    await expect.poll(() => orders()[at]).toMatchObject({ order });
    guest.say({ type: 'done', id: orders()[at]?.['id'], result });
    expect(await asked).toEqual(result);
  }
  const late = { done: false, reason: 'the session helper did not answer in time' };
  const slow = pc.seat.ask({ verb: 'restart-sound' });
  await pc.clock.pass(15_000);
  expect(await slow).toEqual(late);
  expect(await pc.seat.ask(order, AbortSignal.abort())).toEqual(late);
  const cut = pc.seat.ask(order);
  guest.socket.destroy();
  expect(await cut).toEqual({ done: false, reason: 'the session helper is silent' });
});

test('S15 the service admits the next helper after forty connections with corrupted lines in pieces of any size', async () => {
  const pc = await setUpChannel();
  const random = seeded(11);
  const pick = (most: number) => Math.floor(random() * most);
  const good = [
    checksMessage(),
    checksMessage('camera.missing'),
    { type: 'alive' },
    { type: 'done', id: 3, result: { done: true } },
    { type: 'proof' },
  ];
  const mutant = () => {
    const text = Buffer.from(JSON.stringify(good[pick(good.length)]));
    for (let n = pick(4); n >= 0; n -= 1) text[pick(text.length)] = pick(256);
    return Buffer.concat([text.subarray(0, random() < 0.2 ? pick(text.length) : text.length), Buffer.from(random() < 0.9 ? '\n' : '')]);
  };
  for (let round = 0; round < 40; round += 1) {
    const one = round % 2 === 0 ? pc.knock() : await joined(pc);
    const bytes = Buffer.concat(Array.from({ length: 50 }, mutant));
    for (let from = 0; from < bytes.length; ) {
      const to = from + 1 + pick(2_000);
      one.socket.write(bytes.subarray(from, to));
      from = to;
    }
    one.socket.end();
    await expect.poll(() => one.isGone(), { interval: 5 }).toBe(true);
  }
  await joined(pc, checksMessage('camera.held'));
  await expect.poll(() => camera(pc)).toBe('camera.held');
  expect(pc.refused.length).toBeGreaterThan(20);
});
