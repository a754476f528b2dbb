/** Calls to kernel32, user32 and iphlpapi, which the kernel answers at once. */
import type { KernelCalls, NativeRoute, PipeEnd } from '../../native.ts';
import { type Koffi, untilZero } from './koffi.ts';

const pathLength = 1_024;
/** `list` requests a list of processes. The other numbers are size and byte offsets of PROCESSENTRY32W. */
const process32 = { list: 2, bytes: 568, idAt: 8, nameAt: 44 };

/** Guarantee: all memory and handles of Windows are released. */
export function createSystemCalls(koffi: Koffi): Omit<KernelCalls, 'keyChangedAt' | 'pipe'> {
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
      if (found.length === 0) throw new Error('the agent may not read the list of processes');
      return found;
    },
    power() {
      const status = Buffer.alloc(12);
      if (power(status) === 0) throw new Error('Windows does not report its power supply');
      return { line: status.readUInt8(0), flag: status.readUInt8(1), percent: status.readUInt8(2), seconds: status.readInt32LE(4) };
    },
    isShuttingDown: () => metric(shuttingDown) !== 0,
    ...createSessions(koffi, kernel),
    ...createNetworkTables(koffi),
  };
}

const shuttingDown = 0x2000;

const limitedLook = 0x1000;

/** Returns the program path of a process; null if unknown. */
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

function createSessions(koffi: Koffi, kernel: ReturnType<Koffi['load']>): Pick<KernelCalls, 'ownSession' | 'isAtConsole'> {
  const console = kernel.func('__stdcall', 'WTSGetActiveConsoleSessionId', 'uint32', []);
  const own = kernel.func('__stdcall', 'ProcessIdToSessionId', 'int32', ['uint32', koffi.out(koffi.pointer('uint32'))]);
  const ownSession = () => {
    const session: [number] = [0];
    if (own(process.pid, session) === 0) throw new Error('Windows does not report the session of this process');
    return session[0];
  };
  return { ownSession, isAtConsole: () => ownSession() === console() };
}

const tooSmall = 122;
const nothing = 232;
const routeBytes = 56;
const neighbourBytes = 24;
const invalidNeighbour = 2;

/** Creates the calls that read the route and neighbour tables. Each table starts with its number of rows. */
function createNetworkTables(koffi: Koffi): Pick<KernelCalls, 'routes' | 'neighbours'> {
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
    routes: () => routes().map((row): NativeRoute => ({ ...waysOf(row), metric: row.readUInt32LE(36) })),
    neighbours: () =>
      new Map(neighbours().map((row) => [address(row, 16), row.readUInt32LE(4) > 0 && row.readUInt32LE(20) !== invalidNeighbour])),
  };
}

const read = 0x8000_0000;
const existing = 3;
/**
 * Flags SECURITY_SQOS_PRESENT and SECURITY_ANONYMOUS. Without them the creator of a pipe could impersonate the agent, which may run as
 * SYSTEM, when the agent opens the pipe.
 */
const asNobody = 0x0010_0000;
const invalid = 0xffff_ffff_ffff_ffffn;

/** Guarantee: the creator of a pipe does not learn the agent's identity. A handle is closed if no session is returned. */
export function createPipes(koffi: Koffi): KernelCalls['pipe'] {
  const kernel = koffi.load('kernel32.dll');
  const open = kernel.func('__stdcall', 'CreateFileW', 'uint64', ['str16', 'uint32', 'uint32', 'void *', 'uint32', 'uint32', 'void *']);
  const close = kernel.func('__stdcall', 'CloseHandle', 'int32', ['uint64']);
  const number = koffi.out(koffi.pointer('uint32'));
  const madeIn = kernel.func('__stdcall', 'GetNamedPipeServerSessionId', 'int32', ['uint64', number]);
  const madeBy = kernel.func('__stdcall', 'GetNamedPipeServerProcessId', 'int32', ['uint64', number]);
  const sessionOf = kernel.func('__stdcall', 'ProcessIdToSessionId', 'int32', ['uint32', number]);

  /** Returns the session of a pipe's creator. Undefined if pipe and process report different sessions: the creator has then ended. */
  function sessionAt(handle: number): number | undefined {
    const [session, id, ofProcess]: [[number], [number], [number]] = [[0], [0], [0]];
    const isTold = madeIn(handle, session) !== 0 && madeBy(handle, id) !== 0 && sessionOf(id[0], ofProcess) !== 0;
    return isTold && session[0] === ofProcess[0] ? session[0] : undefined;
  }

  return (address): PipeEnd | null => {
    const handle = open(address, read, 0, null, existing, asNobody, null);
    if (BigInt(handle) === invalid) return null;
    const session = sessionAt(handle);
    let isOpen = true;
    const end = () => {
      if (isOpen) close(handle);
      isOpen = false;
    };
    if (session !== undefined) return { session, close: end };
    end();
    throw new Error('Windows does not report the session of a pipe');
  };
}
