/** Calls to services and drivers of Windows, which may hang. Only the worker thread makes them (`call-queue-thread.ts`). */
import type { BlockingCalls, NativeDisplay } from '../../native.ts';
import { createCoreAudio, createMute } from './core-audio.ts';
import { type CType, type Koffi, type Pointer, untilZero } from './koffi.ts';
import { createPnp } from './pnp.ts';
import { createProgramOf } from './system-calls.ts';

/** Guarantee: all memory and handles of Windows are released. */
export function createBlockingCalls(koffi: Koffi): BlockingCalls {
  return {
    sound: createCoreAudio(koffi, { programOf: createProgramOf(koffi), own: process.pid }),
    mute: createMute(koffi),
    ...createPnp(koffi),
    service: createService(koffi),
    consoleSession: createConsoleSession(koffi),
    screens: createScreens(koffi),
  };
}

const managerConnect = 1;
const queryStatus = 4;

function createService(koffi: Koffi): BlockingCalls['service'] {
  const library = koffi.load('advapi32.dll');
  const manager = library.func('__stdcall', 'OpenSCManagerW', 'uint64', ['str16', 'str16', 'uint32']);
  const open = library.func('__stdcall', 'OpenServiceW', 'uint64', ['uint64', 'str16', 'uint32']);
  const status = library.func('__stdcall', 'QueryServiceStatus', 'int32', ['uint64', 'void *']);
  const close = library.func('__stdcall', 'CloseServiceHandle', 'int32', ['uint64']);
  return (name) => {
    const all = manager(null, null, managerConnect);
    const one = all === 0 ? 0 : open(all, name, queryStatus);
    try {
      const seen = Buffer.alloc(28);
      return one !== 0 && status(one, seen) !== 0 ? seen.readUInt32LE(4) : null;
    } finally {
      for (const handle of [one, all]) if (handle !== 0) close(handle);
    }
  };
}

const sessionInfo = { user: 5, extended: 25 };
/** Byte offset of the session flags in WTSINFOEXW. The level comes first; id, state and flags begin at byte 8. */
const flagsAt = 16;
const flags = { locked: 0, unlocked: 1 };
/** Session number if there is no console session. Windows would answer a query with this number with the caller's session. */
const noSession = 0xffff_ffff;

function createConsoleSession(koffi: Koffi): BlockingCalls['consoleSession'] {
  const library = koffi.load('wtsapi32.dll');
  const number = koffi.out(koffi.pointer('uint32'));
  const console = koffi.load('kernel32.dll').func('__stdcall', 'WTSGetActiveConsoleSessionId', 'uint32', []);
  const query = library.func('__stdcall', 'WTSQuerySessionInformationW', 'int32', [
    ...(['uint64', 'uint32', 'int32'] satisfies CType[]),
    ...[koffi.out(koffi.pointer('void *')), number],
  ]);
  const free = library.func('__stdcall', 'WTSFreeMemory', 'void', ['void *']);
  function ask<T>(id: number, what: number, read: (at: Pointer) => T): T | undefined {
    const [memory, bytes]: [[Pointer], [number]] = [[0n], [0]];
    if (id === noSession || query(0, id, what, memory, bytes) === 0) return undefined;
    try {
      return read(memory[0]);
    } finally {
      free(memory[0]);
    }
  }
  return () => {
    const id = console();
    const user = ask(id, sessionInfo.user, koffi.decode.string16) ?? '';
    const flag = ask(id, sessionInfo.extended, (at) => koffi.decode(at, flagsAt, 'int32'));
    return { id, user, isLocked: flag === flags.locked ? true : flag === flags.unlocked ? false : null };
  };
}

/** Byte offsets in DISPLAY_DEVICEW and DEVMODEW. DEVMODEW has its size at 68, and width and height from 172 on. */
const device = { bytes: 840, name: [4, 68], text: [68, 324], flags: 324, id: [328, 840] } as const;
const mode = { bytes: 220, sizeAt: 68, widthAt: 172 };
const shown = 1;
const asInterface = 1;
const limit = 1_000;

function createScreens(koffi: Koffi): BlockingCalls['screens'] {
  const user = koffi.load('user32.dll');
  const devices = user.func('__stdcall', 'EnumDisplayDevicesW', 'int32', ['str16', 'uint32', 'void *', 'uint32']);
  const settings = user.func('__stdcall', 'EnumDisplaySettingsW', 'int32', ['str16', 'uint32', 'void *']);
  const under = (adapter: string | null): Buffer[] => {
    const found: Buffer[] = [];
    for (let at = 0; at < limit; at += 1) {
      const one = Buffer.alloc(device.bytes);
      one.writeUInt32LE(device.bytes);
      if (devices(adapter, at, one, adapter === null ? 0 : asInterface) === 0) break;
      if ((one.readUInt32LE(device.flags) & shown) !== 0) found.push(one);
    }
    return found;
  };
  const text = (one: Buffer, [from, to]: readonly [number, number]) => untilZero(one.toString('utf16le', from, to));
  const bestOf = (adapter: string): NativeDisplay['best'] => {
    let best: NativeDisplay['best'] = null;
    for (let at = 0; at < limit; at += 1) {
      const one = Buffer.alloc(mode.bytes);
      one.writeUInt16LE(mode.bytes, mode.sizeAt);
      if (settings(adapter, at, one) === 0) break;
      const size = { width: one.readUInt32LE(mode.widthAt), height: one.readUInt32LE(mode.widthAt + 4) };
      if (best === null || size.width * size.height > best.width * best.height) best = size;
    }
    return best;
  };
  return () =>
    under(null).flatMap((adapter) => {
      const name = text(adapter, device.name);
      return under(name).map((one) => ({ path: text(one, device.id), name: text(one, device.text), best: bestOf(name) }));
    });
}
