import { describe, expect, test } from 'vitest';
import type { DeliveryOutcome } from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import { type Changes, delivered, hangs, outboxOver, type Send } from './outbox.test-helper.ts';
import { notice, row, technician } from './people.test-helper.ts';

/** Creates an outbox with one e-mail channel, whose responses the test defines. */
const rig = (email: Send, changes: Changes = {}) => outboxOver({ email }, changes);

const busy: Send = () => ({ result: 'retry', reason: '451 later' });

test('R26 the delivery of a message is committed before the outbox drops the message, and is then reported', async () => {
  const commits: { ops: Op[]; waiting: number }[] = [];
  const { clock, outbox, results, ended } = rig(delivered, {
    commit: async (ops) => commits.push({ ops, waiting: outbox.waiting() }),
  });
  outbox.add([row()]);
  expect(outbox.waiting()).toBe(1);
  await clock.pass(0);
  expect(commits).toEqual([{ ops: [{ op: 'outbox-set', row: row({ state: 'delivered', tries: 1 }) }], waiting: 1 }]);
  expect(outbox.waiting()).toBe(0);
  expect(results()).toEqual(['1/email/asha delivered']);
  await outbox.stop();
  await expect(ended).resolves.toBeUndefined();
});

test('R26 retries start within 5 s and double to 15 min, each recorded with its time and reason', async () => {
  const { clock, outbox, ledger, sent } = rig(busy, { random: () => 0.999_999 });
  outbox.add([row()]);
  await clock.pass(0);
  const start = clock.now();
  const held = () => ledger.get('1/email/asha');
  expect(held()).toMatchObject({ state: 'waiting', tries: 1, lastError: '451 later' });
  expect((held()?.dueAt ?? 0) - start).toBeGreaterThan(4_000);
  expect((held()?.dueAt ?? 0) - start).toBeLessThanOrEqual(5_000);
  const gaps = [];
  for (let tries = 1; tries < 12; tries++) {
    gaps.push(Math.round(((held()?.dueAt ?? 0) - clock.now()) / 1_000));
    await clock.pass((held()?.dueAt ?? 0) - clock.now());
  }
  expect(gaps).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
  expect(sent.length).toBe(12);
  expect(outbox.waiting()).toBe(1);
});

test('the outbox waits as long as a provider requests, up to the longest backoff', async () => {
  const answers: DeliveryOutcome[] = [
    { result: 'retry', reason: 'slow', afterMs: 60_000 },
    { result: 'retry', reason: 'slow', afterMs: 9e9 },
    { result: 'delivered' },
  ];
  const { clock, outbox, sent } = rig(async () => answers.shift() ?? { result: 'delivered' });
  outbox.add([row()]);
  await clock.pass(59_999);
  expect(sent.length).toBe(1);
  await clock.pass(1);
  expect(sent.length).toBe(2);
  await clock.pass(15 * 60_000);
  expect(sent.length).toBe(3);
});

test('a refusal and the message on the console are committed in one transaction, and both outcomes are reported', async () => {
  const commits: Op[][] = [];
  const { clock, outbox, results } = rig(async () => ({ result: 'refused', reason: '550 no such user' }), {
    commit: async (ops) => commits.push(ops),
  });
  outbox.add([row()]);
  await clock.pass(0);
  expect(commits[0]).toMatchObject([
    { op: 'outbox-set', row: { key: '1/email/asha', state: 'refused', lastError: '550 no such user' } },
    { op: 'outbox', row: { key: '1/email/asha/console', channel: 'console', person: 'asha', state: 'waiting', tries: 0 } },
  ]);
  expect(results()).toEqual(['1/email/asha refused', '1/email/asha/console delivered']);
  expect(outbox.waiting()).toBe(0);
});

test('the outbox sends a message for an unknown channel, or to a person without an address, to the console', async () => {
  const { clock, outbox, ledger } = rig(delivered);
  outbox.add([row({ channel: 'pigeon' }), row({ transition: 2, person: 'left-us' })]);
  await clock.pass(0);
  expect([...ledger.values()]).toMatchObject([
    { key: '1/pigeon/asha', channel: 'console', state: 'delivered' },
    { key: '2/email/left-us', channel: 'console', state: 'delivered' },
  ]);
});

test('messages of one person are sent in order: first the raise, marked as over, then the clear', async () => {
  let up = false;
  const { clock, outbox, over, messages } = rig(async () => (up ? { result: 'delivered' } : { result: 'retry', reason: 'down' }));
  outbox.add([row()]);
  await clock.pass(60_000);
  outbox.add([row({ transition: 2, createdAt: clock.now(), notice: notice({ kind: 'cleared', at: clock.now() }) })]);
  over.add(17);
  up = true;
  const before = messages().length;
  await clock.pass(15 * 60_000);
  expect(
    messages()
      .slice(before)
      .map(({ subject }) => subject),
  ).toEqual(['Leh: Already over: Microphone not found, Conference room', 'Leh: Cleared: Microphone not found, Conference room']);
  expect(messages()[0]?.subject).toBe('Leh: Critical: Microphone not found, Conference room');
});

test('F17 a hanging mail server times out after 30 s; the console and other persons do not wait for it', async () => {
  const signals: AbortSignal[] = [];
  const hanging: Send = (_, signal) => {
    signals.push(signal);
    return new Promise(() => {});
  };
  const { clock, outbox, keys, ledger } = rig(hanging);
  outbox.add([row(), row({ transition: 2, channel: 'console' }), row({ transition: 3, person: 'bina' })]);
  await clock.pass(249);
  expect(keys()).toEqual(['1/email/asha', '2/console/asha']);
  await clock.pass(29_750);
  expect(signals[0]?.aborted).toBe(false);
  await clock.pass(1);
  expect(signals[0]?.aborted).toBe(true);
  expect(ledger.get('1/email/asha')).toMatchObject({ state: 'waiting', tries: 1, lastError: 'no answer in 30 s' });
  expect(keys().at(-1)).toBe('3/email/bina');
});

test('F17 with 100 rooms of one person on a hanging server, another person is notified within 1 s each time', async () => {
  const { clock, outbox, outcomes } = rig((message) => (message.key.endsWith('asha') ? new Promise(() => {}) : { result: 'delivered' }));
  outbox.add(Array.from({ length: 100 }, (_, n) => row({ transition: n + 1, notice: notice({ scope: `ladakh/leh/pc-${n}` }) })));
  for (let transition = 1_000; transition < 1_060; transition += 1) {
    await clock.pass(6_500);
    outbox.add([row({ transition, person: 'bina', createdAt: clock.now() })]);
    await clock.pass(1_000);
    expect(outcomes.filter(({ outcome }) => outcome.result === 'delivered')).toHaveLength(transition - 999);
  }
});

test('the outbox retries a message after an exception in its channel, and continues with other messages', async () => {
  const { clock, outbox, ledger, outcomes } = rig(({ key }) => {
    if (key.endsWith('asha')) throw new Error('bug');
    return { result: 'delivered' };
  });
  outbox.add([row(), row({ transition: 2, person: 'bina' })]);
  await clock.pass(0);
  expect(ledger.get('1/email/asha')).toMatchObject({ state: 'waiting', lastError: 'the channel failed: bug' });
  expect(outcomes.map(({ outcome }) => outcome.result)).toEqual(['retry', 'delivered']);
});

test('R20 a failed commit stops the outbox and rejects `run`; nothing more is sent', async () => {
  const { clock, outbox, ended, keys, outcomes } = rig(delivered, { commit: () => Promise.reject(new Error('SQLITE_FULL')) });
  const failed = expect(ended).rejects.toThrow('SQLITE_FULL');
  outbox.add([row(), row({ transition: 2 }), row({ transition: 3, person: 'bina' })]);
  await clock.pass(3_600_000);
  await failed;
  expect(keys()).toEqual(['1/email/asha']);
  expect(outcomes).toEqual([]);
  expect(outbox.waiting()).toBe(3);
});

test('R20 a failed commit aborts the sends in progress', async () => {
  const signals: AbortSignal[] = [];
  const hanging: Send = (_, signal) => {
    signals.push(signal);
    return new Promise(() => {});
  };
  const { clock, outbox, ended } = rig(hanging, { commit: () => Promise.reject(new Error('SQLITE_FULL')) });
  const failed = expect(ended).rejects.toThrow('SQLITE_FULL');
  outbox.add([row(), row({ transition: 2, channel: 'console' })]);
  await clock.pass(0);
  await failed;
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test('a message is not sent before its time, and a wall clock set back does not delay it', async () => {
  const { clock, outbox, sent } = rig(delivered);
  outbox.add([row({ dueAt: clock.now() + 60_000 })]);
  clock.jump(-86_400_000);
  await clock.pass(59_999);
  expect(sent.length).toBe(0);
  await clock.pass(1);
  expect(sent.length).toBe(1);
  outbox.add([row({ transition: 2, dueAt: clock.now() + 86_400_000 })]);
  await clock.pass(15 * 60_000);
  expect(sent.length).toBe(2);
});

describe('stop', () => {
  test('the outbox lets running sends end after `stop`, and starts no new send', async () => {
    const answer = Promise.withResolvers<DeliveryOutcome>();
    const { clock, outbox, ledger, keys, ended } = rig(() => answer.promise);
    outbox.add([row(), row({ transition: 2 })]);
    await clock.pass(0);
    const stopped = outbox.stop();
    answer.resolve({ result: 'delivered' });
    await stopped;
    await ended;
    expect(keys()).toEqual(['1/email/asha']);
    expect(ledger.get('1/email/asha')?.state).toBe('delivered');
  });

  test('the outbox aborts a send that does not end within 1 s after `stop`, and leaves its row in the ledger unchanged', async () => {
    const { clock, outbox, ledger } = rig(hangs);
    outbox.add([row()]);
    await clock.pass(0);
    const stopped = outbox.stop();
    await clock.pass(1_000);
    await stopped;
    expect(ledger.size).toBe(0);
    expect(outbox.waiting()).toBe(1);
  });
});

test('the morning digest is one message for each person without ended incidents, also in a retry, and each outbox row gets its outcome', async () => {
  const answers: DeliveryOutcome[] = [{ result: 'retry', reason: '451 later' }, { result: 'delivered' }];
  const { clock, outbox, messages, ledger } = rig(async () => answers.shift() ?? { result: 'delivered' }, {
    isOver: (incident) => incident === 2,
  });
  const room = (number: number, person = 'asha') => {
    const words = { en: `Room ${number}`, hi: `कमरा ${number}` };
    const one = notice({ incident: number, digest: true, scope: `ladakh/leh/vc-${number}`, room: words });
    return row({ key: `${number}/email/${person}`, transition: number, person, notice: one, dueAt: clock.now() + 30_000 });
  };
  outbox.add([room(1), room(2), room(3), room(4, 'bina')]);
  await clock.pass(29_000);
  expect(messages()).toEqual([]);
  await clock.pass(60_000);
  const list = messages().filter(({ subject }) => subject === '2 alerts of the night');
  expect(list).toHaveLength(2);
  expect(list[0]?.text).toMatch(/Room 1.*\n.*Room 3/);
  expect(list[0]?.text).not.toMatch('Room 2');
  expect(list[0]?.notice.lines).toHaveLength(2);
  expect(messages()).toHaveLength(3);
  expect([...ledger.values()].map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
  expect(outbox.waiting()).toBe(0);
});

const linksTo: Changes['linksTo'] = (person, { incident, announcement }) =>
  announcement
    ? { tap: `https://a.example/n?${person}.${announcement.id}` }
    : { tap: `https://a.example/t?${person}.${incident}`, short: `https://a.example/?s${incident}` };

test('a message about an open incident carries a personal link; its end and the console show only the link to the wall', async () => {
  const { clock, outbox, messages } = rig(delivered, { wall: 'https://a.example', linksTo });
  outbox.add([row(), row({ transition: 2, person: 'bina' }), row({ transition: 3, channel: 'console' })]);
  outbox.add([row({ transition: 4, notice: notice({ kind: 'cleared' }) })]);
  await clock.pass(0);
  const of = (key: string) => messages().find((message) => message.key === key);
  expect([of('1/email/asha')?.link, of('2/email/bina')?.link]).toEqual(['https://a.example/t?asha.17', 'https://a.example/t?bina.17']);
  expect(of('1/email/asha')?.text).toContain('\nAnswer with one tap: https://a.example/t?asha.17\n');
  // A message without a reply link contains the link to the wall, which requires a sign-in.
  const onWall = 'https://a.example/?#/incident/17';
  expect([of('3/console/asha')?.link, of('4/email/asha')?.link]).toEqual([onWall, onWall]);
  expect([of('3/console/asha')?.text, of('4/email/asha')?.text].join()).not.toContain('/t?');
  expect(of('4/email/asha')?.text).toContain('https://a.example/?#/incident/17');
});

test('earlier recipients are named as in the roster, and the recipient\'s own action is addressed as "you"', async () => {
  const { clock, outbox, messages } = rig(delivered);
  outbox.add([row({ person: 'bina', notice: notice({ passed: { at: notice().at, to: ['asha'] } }) })]);
  outbox.add([row({ transition: 2, notice: notice({ again: { why: 'reopened', by: technician.name }, phone: '01982 252010' }) })]);
  await clock.pass(0);
  expect(
    messages()
      .map(({ text }) => text)
      .join(),
  ).toMatch(/Sent to Asha at 14:05; nobody has taken it[\s\S]*You said that it is fixed/);
  expect(messages()[1]?.phone).toEqual({ line: 'Call the room: 01982 252010', number: '01982 252010', tel: '01982252010' });
});

test('an announcement carries a link to confirm that it was read, except on the console', async () => {
  const { clock, outbox, messages } = rig(delivered, { wall: 'https://a.example', linksTo });
  const announcement = { id: 3, by: 'Anil', text: 'The line is changed on Sunday.' };
  const said = notice({ kind: 'direct', incident: null, faults: [], severity: 'info', lines: ['announcement'], announcement });
  outbox.add([row({ notice: said }), row({ transition: 2, channel: 'console', notice: said })]);
  await clock.pass(0);
  const of = (key: string) => messages().find((message) => message.key === key);
  expect(of('1/email/asha')?.link).toBe('https://a.example/n?asha.3');
  expect(of('1/email/asha')?.text).toMatch(
    /A notice for you\nAnil: The line is changed on Sunday\.\n[\s\S]*https:\/\/a\.example\/n\?asha\.3\n/,
  );
  expect([of('2/console/asha')?.link, of('2/console/asha')?.text.includes('/n?')]).toEqual([undefined, false]);
});

test('the outbox puts a short link into an SMS, and one link for each incident into a digest', async () => {
  const { clock, outbox, messages } = rig(delivered, { wall: 'https://a.example', linksTo });
  outbox.add([row(), row({ transition: 2, notice: notice({ kind: 'cleared' }) })]);
  await clock.pass(0);
  expect(messages().map((message) => message.shortLink)).toEqual(['https://a.example/?s17', undefined]);
  const waits = { digest: true } as const;
  outbox.add(
    [18, 19].map((incident) => row({ transition: incident, notice: notice({ ...waits, incident, scope: `ladakh/leh/pc-${incident}` }) })),
  );
  await clock.pass(1_000);
  expect(
    messages()
      .at(-1)
      ?.text.match(/https:\S+/g)
      ?.toSorted(),
  ).toEqual(['https://a.example/t?asha.18', 'https://a.example/t?asha.19']);
});

test('S19 the audit line is above the footer until one message with it arrived, once for each person, and never on the console', async () => {
  const first: DeliveryOutcome[] = [{ result: 'retry', reason: '451 later' }];
  const known = new Set<string>();
  const note = {
    lineFor: ({ id }: { id: string }) => (known.has(id) ? undefined : 'Audit of 2027-01-05: row 812, 0123 4567 89ab cdef'),
    arrived: (id: string) => void known.add(id),
  };
  const { clock, outbox, messages } = rig(async () => first.pop() ?? { result: 'delivered' }, { note });
  outbox.add([row({ key: '0/console/asha', channel: 'console' })]);
  await clock.pass(0);
  outbox.add([row()]);
  await clock.pass(120_000);
  outbox.add([row({ key: '2/email/asha', transition: 2 })]);
  await clock.pass(0);
  const lines = messages().map(({ text }) => /\n(Audit of .*)\n-- \n/.exec(text)?.[1]?.slice(0, 5));
  expect(lines).toEqual([undefined, 'Audit', 'Audit', undefined]);
});

test('a list is cut to the length that the channel accepts, including the audit line', async () => {
  const fits = (text: string) => text.length <= 300;
  const note = { lineFor: () => 'Audit of 2027-01-05: row 812, 0123 4567 89ab cdef', arrived: () => {} };
  const { clock, outbox, messages, channels } = rig(delivered, { note });
  Object.assign(channels.get('email')?.channel ?? {}, { fits });
  const waits = (n: number) => notice({ incident: n, digest: true, scope: `ladakh/leh/pc-${n}` });
  outbox.add(Array.from({ length: 12 }, (_, n) => row({ transition: n + 1, notice: waits(n + 1) })));
  await clock.pass(1_000);
  const lines = messages()[0]?.text.match(/• /g)?.length ?? 0;
  expect(fits(messages()[0]?.text ?? '')).toBe(true);
  expect(messages()[0]?.text).toContain(`and ${12 - lines} more\nAudit of`);
});
