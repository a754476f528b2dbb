import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { clearLine, type Language } from '#contracts';
import { worked } from './working.ts';

/** A thread that posts what it is given, and then stands still as one that waits for a program does, until it is let go. */
const thread = `const { parentPort: port, workerData: { lock, told, last } } = require('node:worker_threads');
for (const one of told) port.postMessage(one);
Atomics.wait(lock, 0, 0);
if (last instanceof Error) throw last;
if (last) port.postMessage(last);`;

function start(language: Language, last: unknown, isTTY = true) {
  const lock = new Int32Array(new SharedArrayBuffer(4));
  const told = [{ step: 'lay' }, { said: 'first' }, { step: 'copy' }, { said: 'second' }];
  const worker = new Worker(thread, { eval: true, workerData: { lock, told, last } });
  let [now, tick] = [0, () => {}];
  const clock = {
    up: () => now,
    after(delayMs: number, task: () => void) {
      tick = () => {
        now += delayMs;
        task();
      };
      return () => {
        tick = () => {};
      };
    },
  };
  const shown: string[] = [];
  const screen = { isTTY, write: (text: string) => void shown.push(text.replace(clearLine, '|')) };
  const heard = Promise.withResolvers<void>();
  const say = (line: string) => {
    shown.push(line);
    if (line === 'second') heard.resolve();
  };
  const done = worked(worker, { clock, screen, language, say });
  const letGo = () => {
    Atomics.store(lock, 0, 1);
    Atomics.notify(lock, 0);
  };
  return { shown, heard: heard.promise, done, letGo, tick: () => tick() };
}

test.each([
  ['en', 'still at work: 2 s (copying the data)', 'still at work: 3 s (copying the data)'],
  ['hi', 'काम चल रहा है: 2 सेकंड (डेटा की कॉपी बन रही है)', 'काम चल रहा है: 3 सेकंड (डेटा की कॉपी बन रही है)'],
] as const)(
  'install and upgrade said nothing until their end: after two seconds it is told what they are at (%s)',
  async (language, ...lines) => {
    const { shown, heard, done, letGo, tick } = start(language, undefined);
    await heard;
    tick();
    tick();
    letGo();
    expect(await done).toBeUndefined();
    expect(shown).toEqual(['|', 'first', '|', 'second', ...lines.map((line) => `|${line}`), '|']);
  },
);

test('into a pipe nothing but lines for people goes', async () => {
  const { shown, heard, done, letGo, tick } = start('en', undefined, false);
  await heard;
  tick();
  letGo();
  await done;
  expect(shown).toEqual(['first', 'second']);
});

test('why it was not done is its answer, and what it threw is thrown here', async () => {
  const refused = start('en', { failed: 'there is no release to go back to' });
  refused.letGo();
  expect(await refused.done).toBe('there is no release to go back to');
  const broken = start('en', new TypeError('a bug'));
  broken.letGo();
  await expect(broken.done).rejects.toThrow('a bug');
});
