/** Takes many looks and writes what they have cost: `many-child.mjs FILE LOOKS`. Memory, objects and handles are those after a tenth, and at the end. */
import { writeFileSync } from 'node:fs';
import { setTimeout as passed } from 'node:timers/promises';
import { createCom } from '../../agent/platform/windows/native/com.ts';
import { createCoreAudio } from '../../agent/platform/windows/native/core-audio.ts';
import { loadKoffi } from '../../agent/platform/windows/native/koffi.ts';
import { openNative } from '../../agent/platform/windows/native/native.ts';

const turns = 200;
const patienceMs = 120_000;
const [, , file = '', looks = ''] = process.argv;
const { ask, calls, registry } = openNative()();
const koffi = loadKoffi();
if (!calls.known || !koffi.known) throw new Error('koffi is not there');
const kernel = koffi.value.load('kernel32.dll');
const open = kernel.func('__stdcall', 'OpenProcess', 'uint64', ['uint32', 'int32', 'uint32']);
const close = kernel.func('__stdcall', 'CloseHandle', 'int32', ['uint64']);

const com = createCom(koffi.value);
const pointer = koffi.value.out(koffi.value.pointer('void *'));
const [addReference, defaultOf] = [com.method(1), com.method(4, 'int32', 'int32', pointer)];

/** Wine has one enumerator and one object an end for the whole process, which count who holds them. */
const references = () =>
  com.scope((keep) => {
    const enumerator = keep(com.create('BCDE0395-E52F-467C-8E3D-C4579291692E', 'A95664D2-9614-4F35-A746-DE8DB63617E6'));
    return [0, 1].map((flow) => {
      const device: [bigint] = [0n];
      defaultOf(enumerator, flow, 0, device);
      return [addReference(keep(keep(device[0]))), addReference(keep(enumerator))];
    });
  });

/** A new handle takes the first place that is free: it lies the further back the more are open. */
const measured = () => {
  const handle = open(0x1000, 0, process.pid);
  close(handle);
  return { handle, references: references(), rssBytes: process.memoryUsage.rss() };
};
/** On a busy machine one may take longer than the agent waits: that is no look, and a process that ends in the middle of one ends by force. */
const looked = async () => {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const seen = await ask('sound');
    if (seen.known) return seen.value;
    if (performance.now() > deadline) throw new Error(seen.reason);
    await passed(20);
  }
};
/** What goes by other services of Windows is asked more seldom, as the agent does. */
const look = async (at: number) => {
  await looked();
  if (at % 20 !== 0) return;
  calls.value.power();
  calls.value.routes();
  await ask('consoleSession');
  await ask('service', 'PlugPlay');
  await registry('HKU', 'here');
};
const many = Number(looks);
const before = process.memoryUsage.rss();
await looked();
const threadBytes = process.memoryUsage.rss() - before;
let first = measured();
for (let at = 0; at < many; at += 1) {
  if (at === Math.floor(many / 10)) first = measured();
  await look(at);
}
const last = measured();
/** The same look in this thread, which the sound service could hold up: in turns, so that both are told by the same minute. */
const direct = createCoreAudio(koffi.value, { programOf: () => null, own: process.pid });
const spentMs = { thread: 0, direct: 0 };
for (let at = 0; at < turns; at += 1) {
  const begun = performance.now();
  await ask('sound');
  const between = performance.now();
  direct();
  spentMs.thread += between - begun;
  spentMs.direct += performance.now() - between;
}
const snapshotMs = { thread: spentMs.thread / turns, direct: spentMs.direct / turns };
const { endpoints } = await looked();
writeFileSync(file, JSON.stringify({ first, last, snapshotMs, threadBytes, endpoints: endpoints.length }));
process.exit(0);
