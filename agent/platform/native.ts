/** What is asked of Windows itself: ONE small interface, so that all that stands on it is tried on any system. */
import type { Answer } from './answer.ts';
import type { Output } from './child.ts';

/** `program`: below System32, such as `shutdown.exe`. */
export type RunProgram = (program: string, args: string[], signal: AbortSignal) => Promise<Output>;

/** Texts, numbers of 32 and 64 bits, bytes, lists of texts. */
export type RegistryValue = string | number | bigint | Buffer | string[];
/** `path` begins with HKLM or HKU; the names of values are in small letters; `changedAt` in milliseconds since 1970, null where it is not told. */
export type RegistryKey = { path: string; values: Map<string, RegistryValue>; changedAt: number | null };
/** `here`: the key, and the names of those right below it; `below`: all of them with their values. */
export type Depth = 'here' | 'below';

/** An end of the sound: `state` 1 is active, 2 disabled, 4 not present, 8 unplugged; `device`: the PnP device behind it. */
export type Endpoint = {
  id: string;
  flow: 'capture' | 'render';
  state: number;
  name: string | null;
  device: string | null;
  /** Of one that is not active they are not known. */
  muted: boolean | null;
  volume: number | null;
  /** Paths of the programs that record from it or play to it, this one left out; null where Windows does not tell. */
  programs: string[] | null;
};
/** Ids of what programs take, and of what calls take. */
export type Defaults = { console: string | null; call: string | null };
/** One look at the sound. */
export type Sound = { endpoints: Endpoint[]; capture: Defaults; render: Defaults };
/** What came of a question; `isHung`: the part of Windows that was asked did not answer in time. */
export type Told<T> = { known: true; value: T } | { known: false; reason: string; isHung?: true };

/** What an end of the sound is to be. */
export type Mute = { id: string; muted: boolean };

/** A device that is present: `problem` is the code of the device manager, 0 for none. */
export type PnpDevice = {
  id: string;
  parent: string;
  name: string;
  /** GUID of its class, in small letters and braces; empty where it has none. */
  kind: string;
  service: string;
  compatible: string[];
  problem: number;
  /** When it last came, milliseconds since 1970. */
  arrivedAt: number | null;
};

/** A named pipe, held open: as long as that lasts nobody else can make one of its name. `session`: the one in which it was made; it may be closed twice. */
export type PipeEnd = { session: number; close(): void };
/** `path`: its device interface, which names its model and its place; the most that the card offers it. */
export type Screen = { path: string; name: string; best: { width: number; height: number } | null };
/** A row of the table of IPv4 routes; in `metric` that of its interface is in. */
export type Route = { destination: string; mask: string; hop: string; metric: number };

/** What services and drivers of Windows are asked: each may hang as long as they do. */
export type Slow = {
  sound(): Sound;
  /** Mutes an end, or opens it; a service that hung meanwhile may do it later. */
  mute(change: Mute): true;
  /** 1 is stopped, 4 runs; null where there is no such service. */
  service(name: string): number | null;
  /** All of USB, and the cameras wherever they hang. */
  devices(): PnpDevice[];
  /** The same devices by id and problem alone: cheap. */
  marks(): string[];
  consoleSession(): { id: number; user: string; isLocked: boolean | null };
  screens(): Screen[];
};

/** What only a call into the libraries of Windows tells, and its kernel alone answers. Each answers at once, or throws with a reason. */
export type Calls = {
  /** Paths of the programs that run; of those that cannot be looked into their names alone. */
  programs(): string[];
  power(): { line: number; flag: number; percent: number; seconds: number };
  isShuttingDown(): boolean;
  /** The number of the session of this process. */
  ownSession(): number;
  /** Does this process run in the session of whoever sits at the PC? */
  isAtConsole(): boolean;
  /** Null where there is none of this name, or it is closed to us. Nothing is read from it, and its maker cannot act in our name. */
  pipe(address: string): PipeEnd | null;
  routes(): Route[];
  /** IPv4 addresses of the neighbours of which something was heard, and of those that did not answer. */
  neighbours(): Map<string, boolean>;
  /** When a key was last written, milliseconds since 1970. */
  keyChangedAt(path: string): number | null;
};

/** Guarantee: a key that is not there is no key; one that is closed to us is not known. */
export type Native = {
  registry(path: string, depth: Depth): Promise<Answer<RegistryKey[]>>;
  calls: Answer<Calls>;
  /** Comes within seconds, whatever hangs; what does is not asked again before it comes back. */
  ask<K extends keyof Slow>(what: K, ...args: Parameters<Slow[K]>): Promise<Told<ReturnType<Slow[K]>>>;
};

/** Classes of the device manager: cameras, what gives pictures (cameras and scanners), sound. */
export const deviceClasses = {
  camera: '{ca3e7ab9-b4c3-4ae6-8251-579ef933890f}',
  image: '{6bdd1fc6-810f-11d0-bec7-08002be2092f}',
  sound: '{4d36e96c-e325-11ce-bfc1-08002be10318}',
} as const;

/** From 1601 to 1970, in the 100 ns that Windows counts. */
const untilEpoch = 116_444_736_000_000_000n;
const perMs = 10_000n;

/** Milliseconds since 1970. */
export function fromFileTime(time: bigint): number {
  return Number((time - untilEpoch) / perMs);
}
