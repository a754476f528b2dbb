/** Small questions to kernel32, user32, wtsapi32, advapi32 and iphlpapi. */
import type { Calls, ConsoleSession, PowerStatus, Route, Screen } from '../../native.ts';
import { untilZero } from './bytes.ts';
import type { CType, Koffi, Pointer } from './koffi.ts';

type Library = ReturnType<Koffi['load']>;
type System = Omit<Calls, 'devices' | 'marks' | 'keyChangedAt' | 'writeOwn' | 'pipe'>;

const pathLength = 1_024;
/** A list of processes; PROCESSENTRY32W: its own size, the id at 8, the name of the program from 44 on. */
const process32 = { list: 2, bytes: 568, idAt: 8, nameAt: 44 };

/** Guarantee: whatever Windows hands out is given back: memory, handles. */
export function createSystemCalls(koffi: Koffi): System {
  const kernel = koffi.load('kernel32.dll');
  const user = koffi.load('user32.dll');
  const programOf = createProgramOf(koffi, kernel);
  const snapshot = kernel.func('__stdcall', 'CreateToolhelp32Snapshot', 'uint64', ['uint32', 'uint32']);
  const [first, next] = ['First', 'Next'].map((name) => kernel.func('__stdcall', `Process32${name}W`, 'int32', ['uint64', 'void *']));
  const close = kernel.func('__stdcall', 'CloseHandle', 'int32', ['uint64']);
  const power = kernel.func('__stdcall', 'GetSystemPowerStatus', 'int32', ['void *']);
  const metric = user.func('__stdcall', 'GetSystemMetrics', 'int32', ['int32']);
  return {
    programs() {
      const all = snapshot(process32.list, 0);
      const found: string[] = [];
      const one = Buffer.alloc(process32.bytes);
      one.writeUInt32LE(process32.bytes);
      for (let more = first?.(all, one); more; more = next?.(all, one))
        found.push(programOf(one.readUInt32LE(process32.idAt)) ?? untilZero(one.toString('utf16le', process32.nameAt)));
      close(all);
      if (found.length === 0) throw new Error('the processes are closed to us');
      return found;
    },
    power() {
      const status = Buffer.alloc(12);
      if (power(status) === 0) throw new Error('Windows does not tell of its power');
      return powerOf(status);
    },
    isShuttingDown: () => metric(shuttingDown) !== 0,
    service: createService(koffi),
    ...createSessions(koffi, kernel),
    screens: createScreens(user),
    ...createNetworkTables(koffi),
  };
}

const shuttingDown = 0x2000;

function powerOf(status: Buffer): PowerStatus {
  return { line: status.readUInt8(0), flag: status.readUInt8(1), percent: status.readUInt8(2), seconds: status.readInt32LE(4) };
}

const limitedLook = 0x1000;

/** The path of the program of a process; null where it cannot be told. */
export function createProgramOf(koffi: Koffi, kernel = koffi.load('kernel32.dll')): (id: number) => string | null {
  const open = kernel.func('__stdcall', 'OpenProcess', 'uint64', ['uint32', 'int32', 'uint32']);
  const close = kernel.func('__stdcall', 'CloseHandle', 'int32', ['uint64']);
  const length = koffi.inout(koffi.pointer('uint32'));
  const name = kernel.func('__stdcall', 'QueryFullProcessImageNameW', 'int32', ['uint64', 'uint32', 'void *', length]);
  return (id) => {
    const handle = open(limitedLook, 0, id);
    if (handle === 0) return null;
    try {
      const path = Buffer.alloc(pathLength * 2);
      const long: [number] = [pathLength];
      return name(handle, 0, path, long) === 0 ? null : path.toString('utf16le', 0, long[0] * 2);
    } finally {
      close(handle);
    }
  };
}

const managerConnect = 1;
const queryStatus = 4;

function createService(koffi: Koffi): Calls['service'] {
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
/** In WTSINFOEXW: the level, then from the ninth byte on id, state and flags. */
const flagsAt = 16;
const flags = { locked: 0, unlocked: 1 };
/** Nobody is at the console now. Whoever asks for the session of this number is told of his own. */
const noSession = 0xffff_ffff;

function createSessions(koffi: Koffi, kernel: Library): Pick<Calls, 'consoleSession' | 'isAtConsole'> {
  const library = koffi.load('wtsapi32.dll');
  const number = koffi.out(koffi.pointer('uint32'));
  const console = kernel.func('__stdcall', 'WTSGetActiveConsoleSessionId', 'uint32', []);
  const own = kernel.func('__stdcall', 'ProcessIdToSessionId', 'int32', ['uint32', number]);
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
  return {
    consoleSession(): ConsoleSession {
      const id = console();
      const user = ask(id, sessionInfo.user, koffi.decode.string16) ?? '';
      const flag = ask(id, sessionInfo.extended, (at) => koffi.decode(at, flagsAt, 'int32'));
      return { id, user, isLocked: flag === flags.locked ? true : flag === flags.unlocked ? false : null };
    },
    isAtConsole() {
      const session: [number] = [0];
      return own(process.pid, session) !== 0 && session[0] === console();
    },
  };
}

/** DISPLAY_DEVICEW: size, name, text, flags, id. DEVMODEW: its own size at 68, width and height from 172 on. */
const device = { bytes: 840, name: [4, 68], text: [68, 324], flags: 324, id: [328, 840] } as const;
const mode = { bytes: 220, sizeAt: 68, widthAt: 172 };
const shown = 1;
const asInterface = 1;
const limit = 1_000;

function createScreens(user: Library): () => Screen[] {
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
  const bestOf = (adapter: string): Screen['best'] => {
    let best: Screen['best'] = null;
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

const tooSmall = 122;
const nothing = 232;
const routeBytes = 56;
const neighbourBytes = 24;
const invalid = 2;

/** Tables of rows behind their number. */
function createNetworkTables(koffi: Koffi): Pick<Calls, 'routes' | 'neighbours'> {
  const library = koffi.load('iphlpapi.dll');
  const length = koffi.inout(koffi.pointer('uint32'));
  const table = (name: string, rowBytes: number) => {
    const ask = library.func('__stdcall', name, 'uint32', ['void *', length, 'int32']);
    return (): Buffer[] => {
      const bytes: [number] = [0];
      const first = ask(null, bytes, 0);
      if (first === nothing) return [];
      const rows = Buffer.alloc(Math.max(4, bytes[0]));
      const code = first === tooSmall ? ask(rows, bytes, 0) : first;
      if (code !== 0) throw new Error(`${name}: code ${code}`);
      return Array.from({ length: rows.readUInt32LE() }, (_, at) => rows.subarray(4 + at * rowBytes, 4 + (at + 1) * rowBytes));
    };
  };
  const routes = table('GetIpForwardTable', routeBytes);
  const neighbours = table('GetIpNetTable', neighbourBytes);
  const address = (row: Buffer, at: number) => row.subarray(at, at + 4).join('.');
  const waysOf = (row: Buffer) => ({ destination: address(row, 0), mask: address(row, 4), hop: address(row, 12) });
  return {
    routes: () => routes().map((row): Route => ({ ...waysOf(row), metric: row.readUInt32LE(36) })),
    neighbours: () => new Map(neighbours().map((row) => [address(row, 16), row.readUInt32LE(4) > 0 && row.readUInt32LE(20) !== invalid])),
  };
}
