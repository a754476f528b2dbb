/** All calls that the agent makes into Windows. The interface is small, so that tests on any system can replace it. */
import type { Answer } from './answer.ts';
import type { Output } from './child.ts';

/** `program`: a path below System32, such as `shutdown.exe`. */
export type RunProgram = (program: string, args: string[], signal: AbortSignal) => Promise<Output>;

export type RegistryValue = string | number | bigint | Buffer | string[];
/** A registry key. `path` begins with HKLM or HKU. Value names are in lower case. `changedAt`: ms since 1970, null if unknown. */
export type RegistryKey = { path: string; values: Map<string, RegistryValue>; changedAt: number | null };
/** `here`: the key and the names of its direct subkeys. `below`: the subkeys with their values. */
export type Depth = 'here' | 'below';

/** An audio endpoint. `state`: 1 active, 2 disabled, 4 not present, 8 unplugged. `device`: its PnP device. */
export type Endpoint = {
  id: string;
  flow: 'capture' | 'render';
  state: number;
  name: string | null;
  device: string | null;
  /** Null if the endpoint is not active. */
  muted: boolean | null;
  volume: number | null;
  /** Paths of the programs that use the endpoint, without the agent; null if unknown. */
  programs: string[] | null;
};
/** Ids of the default devices: `console` for most programs, `call` for calls. */
export type Defaults = { console: string | null; call: string | null };
export type Sound = { endpoints: Endpoint[]; capture: Defaults; render: Defaults };
/** Result of a call; `isHung`: the Windows component did not answer in time. */
export type CallResult<T> = { known: true; value: T } | { known: false; reason: string; isHung?: true };

export type Mute = { id: string; muted: boolean };

/** A present PnP device; `problem`: code of the device manager, 0 for none. */
export type PnpDevice = {
  id: string;
  parent: string;
  name: string;
  /** Class GUID, in lower case and braces; empty if it has none. */
  kind: string;
  service: string;
  compatible: string[];
  problem: number;
  /** Time when the device was last plugged in, in milliseconds since 1970. */
  arrivedAt: number | null;
};

/**
 * A named pipe that is held open, so that nobody else can create one of this name. `session`: the session that created it. `close` may be
 * called twice.
 */
export type PipeEnd = { session: number; close(): void };
/** `path`: device interface, which contains model and place. `best`: the highest resolution that the graphics card offers. */
export type NativeDisplay = { path: string; name: string; best: { width: number; height: number } | null };
/** A row of the IPv4 route table; `metric` includes the metric of the interface. */
export type NativeRoute = { destination: string; mask: string; hop: string; metric: number };

/** Calls into Windows services and drivers. Each call may block indefinitely, so a worker thread makes it. */
export type BlockingCalls = {
  sound(): Sound;
  /** Changes the mute state. If the audio service hangs, the change may take effect only later. */
  mute(change: Mute): true;
  /** Service state: 1 stopped, 4 running; null if there is no such service. */
  service(name: string): number | null;
  /** Returns all USB devices, and the cameras of every bus. */
  devices(): PnpDevice[];
  /** Returns one text for each of these devices, its id and problem code. A change of the list is cheap to detect. */
  marks(): string[];
  consoleSession(): { id: number; user: string; isLocked: boolean | null };
  screens(): NativeDisplay[];
};

/** Calls that the Windows kernel answers without a service. Each call returns at once, or throws an error with a reason. */
export type KernelCalls = {
  /** Returns the paths of the running programs; only the name of a program if its process cannot be inspected. */
  programs(): string[];
  power(): { line: number; flag: number; percent: number; seconds: number };
  isShuttingDown(): boolean;
  /** Session number of this process. */
  ownSession(): number;
  /** True if this process runs in the session at the console. */
  isAtConsole(): boolean;
  /**
   * Opens a pipe. Null if it is missing or access is denied. It reads nothing, and the pipe's creator cannot impersonate this process.
   */
  pipe(address: string): PipeEnd | null;
  routes(): NativeRoute[];
  /** IPv4 neighbours: true if they answered, false if not. */
  neighbours(): Map<string, boolean>;
  /** Last write time of a key, milliseconds since 1970. */
  keyChangedAt(path: string): number | null;
};

/** Guarantee: reading an absent registry key returns no key; reading a key without permission returns unknown. */
export type Native = {
  registry(path: string, depth: Depth): Promise<Answer<RegistryKey[]>>;
  calls: Answer<KernelCalls>;
  /** Returns within seconds even if the Windows component hangs. A call that hangs is not repeated before it returns. */
  ask<K extends keyof BlockingCalls>(what: K, ...args: Parameters<BlockingCalls[K]>): Promise<CallResult<ReturnType<BlockingCalls[K]>>>;
};

/** Class GUIDs of the device manager: cameras, imaging devices (cameras and scanners), sound. */
export const deviceClasses = {
  camera: '{ca3e7ab9-b4c3-4ae6-8251-579ef933890f}',
  image: '{6bdd1fc6-810f-11d0-bec7-08002be2092f}',
  sound: '{4d36e96c-e325-11ce-bfc1-08002be10318}',
} as const;

/** Time from 1601 to 1970 in the 100 ns units of Windows. */
const untilEpoch = 116_444_736_000_000_000n;
const perMs = 10_000n;

/** Converts a Windows file time to milliseconds since 1970. */
export function fromFileTime(time: bigint): number {
  return Number((time - untilEpoch) / perMs);
}
