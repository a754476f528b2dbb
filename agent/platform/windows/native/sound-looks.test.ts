/** Looks at the sound from a thread: what the thread does is what a text of the test says, in a real thread; its time is that of a hand. */
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { handClock } from '../../../checks/agent.test-helper.ts';
import type { Mute } from '../../native.ts';
import { createSoundLooks, type ToThread } from './sound-looks.ts';

const heard = { known: true, value: { endpoints: [], capture: { console: null, call: null }, render: { console: null, call: null } } };
const gate = () => new Int32Array(new SharedArrayBuffer(4));

/** `work`: what the thread does at each word; it may wait for the gate as a call into a service that hangs. */
function looks(work: string, lock = gate()) {
  const threads: Worker[] = [];
  const clock = handClock();
  const begin = () => {
    const code = `const { parentPort: port, workerData: lock } = require('node:worker_threads');
      const heard = ${JSON.stringify(heard)};
      const well = { known: true, value: true };
      let looks = 0;
      port.on('message', (word) => { looks += 1; ${work} });
      port.postMessage('ready');`;
    const thread = new Worker(code, { eval: true, workerData: lock });
    threads.push(thread);
    return thread;
  };
  onTestFinished(async () => {
    await Promise.all(threads.map((thread) => thread.terminate()));
  });
  const ready = () => new Promise((resolve) => threads[0]?.once('message', resolve));
  const open = () => {
    Atomics.store(lock, 0, 1);
    Atomics.notify(lock, 0);
  };
  return { ...createSoundLooks(begin, clock.after), clock, threads, ready, open };
}
const isHung = { known: false, reason: 'audio server does not answer', isHung: true };

test('what the thread has seen is told to all who wait, by one look', async () => {
  const { look, threads, isHung: hangs } = looks('port.postMessage({ known: false, reason: "look " + looks });');
  expect(await Promise.all([look(), look()])).toEqual(Array(2).fill({ known: false, reason: 'look 1' }));
  expect(await look()).toEqual({ known: false, reason: 'look 2' });
  expect([threads.length, hangs()]).toEqual([1, false]);
});

test('a sound service that hangs is named in two seconds, holds nobody up and one thread alone, and is asked again once it answers', async () => {
  const { look, clock, threads, ready, open, isHung: hangs } = looks('Atomics.wait(lock, 0, 0); port.postMessage(heard);');
  const first = look();
  await ready();
  await clock.pass(2_000);
  expect(await first).toEqual(isHung);
  expect(await Promise.all([look(), look(), look()])).toEqual(Array(3).fill(isHung));
  expect([threads.length, hangs()]).toEqual([1, true]);
  const back = new Promise((resolve) => threads[0]?.once('message', resolve));
  open();
  await back;
  expect(hangs()).toBe(false);
  expect(await look()).toEqual(heard);
  expect(threads).toHaveLength(1);
});

const [off, on] = [true, false].map((muted) => ({ id: 'mic', muted })) as [Mute, Mute];

test('a microphone is muted and opened in the thread of the looks, once one was made, each word with its own answer', async () => {
  const { look, mute } = looks(
    `port.postMessage(word === 'look' ? heard : { muted: word.muted ? well : { known: false, reason: 'refused' } });`,
  );
  expect(await mute(off)).toEqual({ known: false, reason: 'not checked since the start' });
  expect(await look()).toEqual(heard);
  expect(await Promise.all([mute(off), mute(on), look()])).toEqual([
    { known: true, value: true },
    { known: false, reason: 'refused' },
    heard,
  ]);
});

test('a mute that hangs in the sound service is given up as a look is, and one that breaks the thread says why', async () => {
  const {
    look,
    mute,
    clock,
    threads,
    open,
    isHung: hangs,
  } = looks("if (word !== 'look') { Atomics.wait(lock, 0, 0); port.postMessage({ muted: well }); } else port.postMessage(heard);");
  expect(await look()).toEqual(heard);
  const first = mute(on);
  await clock.pass(2_000);
  expect(await Promise.all([first, mute(on), look()])).toEqual(Array(3).fill(isHung));
  const back = new Promise((resolve) => threads[0]?.once('message', resolve));
  open();
  await back;
  expect([hangs(), await mute(on), await look()]).toEqual([false, { known: true, value: true }, heard]);
  const broken = looks("if (word !== 'look') throw new Error('broken'); port.postMessage(heard);");
  await broken.look();
  expect(await broken.mute(on)).toEqual({ known: false, reason: 'broken' });
});

test('a thread that never gets ready was sent a word at each look, for ever', async () => {
  const clock = handClock();
  const words: ToThread[] = [];
  const thread = { postMessage: (word: ToThread) => void words.push(word), on: () => undefined };
  const { look } = createSoundLooks(() => thread, clock.after);
  for (let n = 0; n < 3; n += 1) {
    const looked = look();
    await clock.pass(2_000);
    expect(await looked).toEqual({ known: false, reason: 'not checked since the start' });
  }
  expect(words).toEqual(['look']);
});

test('a thread that is slow to start is no service that hangs; one that cannot start, or ends, tells why and is begun anew', async () => {
  const slow = looks('port.postMessage(heard);');
  const early = slow.look();
  const passed = slow.clock.pass(2_000);
  expect(await early).toEqual({ known: false, reason: 'not checked since the start' });
  await passed;
  expect(slow.isHung()).toBe(false);
  const broken = looks('throw new Error("broken " + looks);');
  for (let n = 0; n < 2; n += 1) expect(await broken.look()).toEqual({ known: false, reason: 'broken 1' });
  expect(broken.threads).toHaveLength(2);
});
