import { expect, it } from 'vitest';
import { createCoreAudio, createMute } from './core-audio.ts';
import type { Koffi, Pointer } from './koffi.ts';

/** Methods of a fake COM object by index. A method writes its output into its last argument. */
type MethodTable = Record<number, (...args: unknown[]) => number>;

/** Creates fake COM objects. Method 2 releases an object; a later use of the object throws. */
function memory(enumerator: MethodTable) {
  const objects = new Map<Pointer, MethodTable>();
  const texts = new Map<Pointer, string>();
  let last = 0n;
  const put = <T>(map: Map<Pointer, T>, one: T): Pointer => {
    last += 1n;
    map.set(last, one);
    return last;
  };
  const size = 1_000n;
  const call: Koffi['call'] = (method, _type, self, ...args) => {
    const [object, slot] = [method / size, Number(method % size)];
    const methods = objects.get(object);
    if (methods === undefined || self !== object) throw new Error('used after it was given back');
    if (slot === 2) return objects.delete(object) ? 0 : 1;
    return methods[slot]?.(...args) ?? 0x8000_4001;
  };
  const functions: Record<string, (...args: unknown[]) => number> = {
    CoCreateInstance: (...args) => answer(args, put(objects, enumerator)),
    CoTaskMemFree: (at) => Number(texts.delete(at as Pointer)),
  };
  const koffi: Koffi = {
    load: () => ({ func: (_, name) => functions[name] ?? (() => 0) }),
    proto: () => 'proto',
    pointer: () => 'pointer',
    out: () => 'out',
    inout: () => 'inout',
    call,
    decode: Object.assign((at: Pointer, offset: number) => (offset === 0 && at < size ? at * size : at + BigInt(offset / 8)), {
      string16: (at: Pointer) => texts.get(at) ?? '',
    }) as unknown as Koffi['decode'],
  };
  const left = () => objects.size + texts.size;
  return { koffi, left, object: (methods: MethodTable) => put(objects, methods), text: (text: string) => put(texts, text) };
}

function answer(args: unknown[], value: unknown, result = 0): number {
  (args.at(-1) as unknown[])[0] = value;
  return result;
}

const spansProcesses = 0x0889_000d;

/** Creates one microphone that a process uses. `told`: HRESULT of reading the process id. `isFixed`: the mute state cannot be changed. */
function onePc(told: number, isFixed = false) {
  let isMuted = 1;
  const session: MethodTable = {
    0: (...args) => answer(args, room.object({ 14: (...out) => answer(out, 77, told) })),
    3: (...args) => answer(args, 1),
  };
  const sessions: MethodTable = { 3: (...args) => answer(args, 1), 4: (...args) => answer(args, room.object(session)) };
  const manager: MethodTable = { 5: (...args) => answer(args, room.object(sessions)) };
  const volume: MethodTable = {
    9: (...args) => answer(args, 0.5),
    14: (muted) => {
      if (!isFixed) isMuted = Number(muted);
      return 0;
    },
    15: (...args) => answer(args, isMuted),
  };
  const opened = [volume, manager];
  const device: MethodTable = {
    3: (...args) => answer(args, room.object(opened.shift() ?? {})),
    5: (...args) => answer(args, room.text('{microphone}')),
    6: (...args) => answer(args, 1),
  };
  const listOf = (all: MethodTable[]): MethodTable => ({
    3: (...args) => answer(args, all.length),
    4: (at, ...args) => answer(args, room.object(all[Number(at)] ?? {})),
  });
  const room = memory({
    3: (flow, ...args) => answer(args, room.object(listOf(flow === 1 ? [device] : []))),
    4: () => 0x8007_0490,
    5: (id, ...args) => (id === '{microphone}' ? answer(args, room.object(device)) : 0x8007_0490),
  });
  return room;
}

const processes = { programOf: (id: number) => `C:\\program-${id}.exe`, own: 1 };
const programsBy = (told: number) => {
  const room = onePc(told);
  const { endpoints } = createCoreAudio(room.koffi, processes)();
  return { programs: endpoints[0]?.programs, left: room.left() };
};

it('the Core Audio client releases every object of a reading, and uses no object after its release', () => {
  expect(programsBy(0)).toEqual({ programs: ['C:\\program-77.exe'], left: 0 });
});

it('the Core Audio client reports the first process of a sound session that has several processes, as in a browser', () => {
  expect(programsBy(spansProcesses)).toEqual({ programs: ['C:\\program-77.exe'], left: 0 });
});

it('the Core Audio client unmutes a microphone, throws if the microphone is gone or stays muted, and releases every object', () => {
  const opened = (id: string, isFixed = false) => {
    const room = onePc(0, isFixed);
    const mute = createMute(room.koffi);
    return { mute: () => mute({ id, muted: false }), left: room.left };
  };
  const well = opened('{microphone}');
  expect([well.mute(), well.left()]).toEqual([true, 0]);
  const gone = opened('{other}');
  expect(gone.mute).toThrow('GetDevice: 80070490');
  const fixed = opened('{microphone}', true);
  expect(fixed.mute).toThrow('the device did not change');
  expect([gone.left(), fixed.left()]).toEqual([0, 0]);
});
