/** Creates a fake Windows PC, whose registry, devices and sound a test defines. */
import { type Clock, realClock } from '@sabha/contracts';
import type { Output } from '../child.ts';
import type { BlockingCalls, CallResult, Endpoint, KernelCalls, Native, PnpDevice, RegistryKey, RegistryValue, Sound } from '../native.ts';
import { attempt } from './attempt.ts';
import { createWindows } from './windows.ts';

/** Registry keys by path, with their values. `changedAt` of the fake contains their write times. */
export type Keys = Record<string, Record<string, RegistryValue>>;
export type Fake = {
  keys?: Keys;
  /** Keys without read access. */
  closed?: string[];
  changedAt?: Record<string, number>;
  calls?: Partial<KernelCalls & BlockingCalls>;
  /** True if the sound service does not answer. */
  isHung?: boolean;
  /** Reason why no library can be called. */
  noCalls?: string;
  run?: (program: string, args: string[]) => Output;
  clock?: Partial<Clock>;
  root?: string;
  disk?: string;
};

export const user = 'HKU\\S-1-5-21-1-2-3-1001';
export const consent = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\CapabilityAccessManager\\ConsentStore';

const silent: Sound = { endpoints: [], capture: { console: null, call: null }, render: { console: null, call: null } };
const nothing: KernelCalls & BlockingCalls = {
  sound: () => silent,
  mute: () => true,
  service: () => null,
  devices: () => [],
  marks: () => [],
  programs: () => [],
  power: () => ({ line: 1, flag: 128, percent: 255, seconds: -1 }),
  isShuttingDown: () => false,
  consoleSession: () => ({ id: 1, user: '', isLocked: null }),
  ownSession: () => 1,
  isAtConsole: () => true,
  pipe: () => null,
  screens: () => [],
  routes: () => [],
  neighbours: () => new Map(),
  keyChangedAt: () => null,
};

export function fakeWindows({ keys = {}, closed = [], changedAt = {}, calls, noCalls, run, ...given }: Fake = {}) {
  const written = Object.entries(keys).map(
    ([path, values]): RegistryKey => ({
      path,
      values: new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value])),
      changedAt: changedAt[path] ?? null,
    }),
  );
  const asked: string[][] = [];
  const all = { ...nothing, ...calls };
  const native: Native = {
    registry: async (path, depth) =>
      closed.includes(path)
        ? { known: false, reason: 'registry: code 5' }
        : { known: true, value: found(written, path, depth === 'below') },
    calls: noCalls === undefined ? { known: true, value: all } : { known: false, reason: noCalls },
    ask: async (what, ...args): Promise<CallResult<never>> =>
      given.isHung && what === 'sound'
        ? { known: false, reason: 'audio server does not answer', isHung: true }
        : attempt(native.calls, () => (all[what] as (...args: unknown[]) => never)(...args)),
  };
  const platform = createWindows({
    native: () => native,
    root: given.root ?? 'C:\\Windows',
    disk: given.disk ?? '.',
    clock: { ...realClock(), ...given.clock },
    run: async (program, args) => {
      asked.push([program, ...args]);
      return run?.(program, args) ?? { ok: false, why: 'missing', text: '' };
    },
  });
  return { platform, native, asked };
}

/** Finds registry keys without regard to case. A key also exists if the test defines only a key below it. */
function found(written: RegistryKey[], path: string, isDeep: boolean): RegistryKey[] {
  const at = path.toLowerCase();
  const below = written.filter((key) => key.path.toLowerCase().startsWith(`${at}\\`));
  const own = written.find((key) => key.path.toLowerCase() === at) ?? (below.length > 0 ? bare(path) : undefined);
  if (own === undefined) return [];
  const names = new Set(below.map((key) => key.path.slice(0, path.length + 1) + key.path.slice(path.length + 1).split('\\')[0]));
  return [own, ...(isDeep ? below : [...names].map(bare))];
}

function bare(path: string): RegistryKey {
  return { path, values: new Map(), changedAt: null };
}

export function endpoint(more: Partial<Endpoint> = {}): Endpoint {
  const id = more.id ?? '{0.0.1.00000000}.{84bbfd53-05f2-4232-b20b-f8c4237c18d6}';
  const device = '{1}.USB\\VID_046D&PID_0867&MI_02\\7&1A2B3C4D&0&0002';
  return { id, flow: 'capture', state: 1, name: 'Mikrofon (MeetUp)', device, muted: false, volume: 0.8, programs: [], ...more };
}

/** Returns a sound state with these endpoints. The first of each kind is the default for programs and calls. */
export function soundOf(endpoints: Endpoint[], more: Partial<Sound> = {}): Sound {
  const first = (flow: Endpoint['flow']) => {
    const id = endpoints.find((one) => one.flow === flow && one.state === 1)?.id ?? null;
    return { console: id, call: id };
  };
  return { endpoints, capture: first('capture'), render: first('render'), ...more };
}

export function camera(more: Partial<PnpDevice> = {}): PnpDevice {
  return {
    id: 'USB\\VID_046D&PID_0866&MI_00\\6&2070FBC0&0&0000',
    parent: 'USB\\VID_046D&PID_0866\\A1B2C3',
    name: 'Logitech MeetUp',
    kind: '{ca3e7ab9-b4c3-4ae6-8251-579ef933890f}',
    service: 'usbvideo',
    compatible: ['USB\\Class_0e&SubClass_03&Prot_00', 'USB\\Class_0e'],
    problem: 0,
    arrivedAt: 1_000,
    ...more,
  };
}

/** Converts milliseconds since 1970 to 100 ns units since 1601. */
export function fileTime(ms: number): bigint {
  return BigInt(ms) * 10_000n + 116_444_736_000_000_000n;
}
