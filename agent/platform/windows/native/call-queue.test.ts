/** Tests the call queue with real worker threads, which run a script of the test, and with a manual clock. */
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { handClock } from '../../../checks/agent.test-helper.ts';
import type { Mute } from '../../native.ts';
import { createCallQueue, type FromThread, type Thread, type ToThread } from './call-queue.ts';

const heard = { known: true, value: { endpoints: [], capture: { console: null, call: null }, render: { console: null, call: null } } };
const gate = () => new Int32Array(new SharedArrayBuffer(4));

/** `work`: code that the thread runs for each call. It may wait until the test opens `lock`, like a call into a hanging service. */
function asking(work: string, lock = gate()) {
  const threads: Worker[] = [];
  const clock = handClock();
  const begin = () => {
    const code = `const { parentPort: port, workerData: lock } = require('node:worker_threads');
      const heard = ${JSON.stringify(heard)};
      const well = { known: true, value: true };
      const wait = () => Atomics.wait(lock, 0, 0);
      let looks = 0;
      port.on('message', ({ what, args }) => { looks += 1; ${work} });
      port.postMessage('ready');`;
    const thread = new Worker(code, { eval: true, workerData: lock });
    threads.push(thread);
    return thread;
  };
  onTestFinished(async () => {
    await Promise.all(threads.map((thread) => thread.terminate()));
  });
  const { ask, isHung } = createCallQueue(begin, clock.after);
  return {
    ask,
    clock,
    threads,
    hangs: isHung,
    look: () => ask('sound'),
    mute: (change: Mute) => ask('mute', change),
    ready: () => new Promise((resolve) => threads[0]?.once('message', resolve)),
    open() {
      Atomics.store(lock, 0, 1);
      Atomics.notify(lock, 0);
    },
  };
}
const isHung = { known: false, reason: 'audio server does not answer', isHung: true };

test('the call queue reports a hanging sound service within 2 s, blocks one thread only, and calls the service again after it answers', async () => {
  const { look, clock, threads, ready, open, hangs } = asking('wait(); port.postMessage(heard);');
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

test('the call queue reads the sound in a second thread while the device manager hangs, and ends the first thread when it returns', async () => {
  const { ask, look, clock, threads, ready, open, hangs } = asking("if (what === 'devices') wait(); port.postMessage(heard);");
  const devices = ask('devices');
  const sound = look();
  const marks = ask('marks');
  await ready();
  await clock.pass(2_000);
  const unanswered = { known: false, reason: 'Windows does not answer', isHung: true };
  expect(await Promise.all([devices, marks, ask('devices'), sound])).toEqual([...Array(3).fill(unanswered), heard]);
  expect([threads.length, hangs()]).toEqual([2, true]);
  const ended = new Promise((resolve) => threads[0]?.once('exit', resolve));
  open();
  await ended;
  expect([hangs(), await ask('devices'), await look(), threads.length]).toEqual([false, heard, heard, 2]);
});

/** Creates a call queue with fake threads. The test sends their results. */
function threadsByHand(isReady = true) {
  const clock = handClock();
  const begun: { given: ToThread[]; answer(message: FromThread): void; fail(error: Error): void }[] = [];
  let ended = 0;
  const { ask, isHung: hangs } = createCallQueue((): Thread => {
    const given: ToThread[] = [];
    const told = new Map<string, (said: never) => void>();
    const say = (event: string, said: unknown) => told.get(event)?.(said as never);
    begun.push({ given, answer: (message) => say('message', message), fail: (error) => say('error', error) });
    if (isReady) queueMicrotask(() => say('message', 'ready'));
    return {
      postMessage: (question) => void given.push(question),
      on: (event: string, tell: (said: never) => void) => told.set(event, tell),
      terminate: () => {
        ended += 1;
      },
    };
  }, clock.after);
  return { ask, clock, begun, hangs, ended: () => ended };
}

test('the call queue keeps three threads for three hanging parts of Windows, refuses calls until one returns, and ends spare threads', async () => {
  const { ask, clock, begun, hangs, ended } = threadsByHand();
  const all = Promise.all([ask('sound'), ask('devices'), ask('consoleSession'), ask('service', 'Audiosrv'), ask('screens')]);
  for (let limits = 0; limits < 3; limits += 1) await clock.pass(2_000);
  const unanswered = { known: false, reason: 'Windows does not answer' };
  const hung = { ...unanswered, isHung: true };
  expect(await all).toEqual([isHung, hung, hung, unanswered, unanswered]);
  for (let n = 0; n < 3; n += 1) expect(await ask('screens')).toEqual(unanswered);
  expect(begun.map(({ given }) => given.map(({ what }) => what))).toEqual([['sound'], ['devices'], ['consoleSession']]);
  begun[1]?.answer({ known: true, value: [] });
  const screens = ask('screens');
  begun[1]?.answer({ known: true, value: ['one'] });
  expect(await screens).toEqual({ known: true, value: ['one'] });
  begun[0]?.answer({ known: true, value: 'late' });
  begun[2]?.fail(new Error('out of memory'));
  expect([begun.length, ended(), hangs()]).toEqual([3, 1, false]);
  const sound = ask('sound');
  begun[1]?.answer({ known: true, value: 'now' });
  expect(await sound).toEqual({ known: true, value: 'now' });
});

test('the call queue does not count a slow thread start as hanging, and restarts a failed thread after it reports the reason', async () => {
  const slow = asking('port.postMessage(heard);');
  const early = slow.look();
  const passed = slow.clock.pass(2_000);
  expect(await early).toEqual({ known: false, reason: 'not checked since the start' });
  await passed;
  expect(slow.hangs()).toBe(false);
  const broken = asking('throw new Error("broken " + looks);');
  for (let n = 0; n < 2; n += 1) expect(await broken.look()).toEqual({ known: false, reason: 'broken 1' });
  expect(broken.threads).toHaveLength(2);
});
