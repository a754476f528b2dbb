/**
 * Queries the devices many times and writes the cost: `many-child.mjs FILE LOOKS`. It measures memory, objects and handles after a tenth
 * and at the end.
 */
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

/** Returns the reference counts of the enumerator and the default devices. Wine has one object of each in the process. */
const references = () =>
  com.scope((keep) => {
    const enumerator = keep(com.create('BCDE0395-E52F-467C-8E3D-C4579291692E', 'A95664D2-9614-4F35-A746-DE8DB63617E6'));
    return [0, 1].map((flow) => {
      const device: [bigint] = [0n];
      defaultOf(enumerator, flow, 0, device);
      return [addReference(keep(keep(device[0]))), addReference(keep(enumerator))];
    });
  });

/**
 * Returns handle, reference counts and memory. A new handle takes the first free slot, so its number rises with the number of open handles.
 */
const measured = () => {
  const handle = open(0x1000, 0, process.pid);
  close(handle);
  return { handle, references: references(), rssBytes: process.memoryUsage.rss() };
};
/** Repeats a query until it succeeds. On a busy machine a query may time out, and a process must not exit during a query. */
const looked = async () => {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const seen = await ask('sound');
    if (seen.known) return seen.value;
    if (performance.now() > deadline) throw new Error(seen.reason);
    await passed(20);
  }
};
/** Queries the devices. Queries of other Windows services are rarer, as in the agent. */
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
/** Compares the worker thread with a direct call, alternately, so that other load affects both equally. */
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
