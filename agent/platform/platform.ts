/** The interface between the probes and an operating system. Only the folders beside this file implement it. */
import type { Cancel, Clock } from '@sabha/contracts';
import type { Answer } from './answer.ts';
import type { Native } from './native.ts';

export type { Answer } from './answer.ts';

export type SoundDevice = {
  /** Stable name of the device, such as `alsa_input.usb-…`. */
  id: string;
  name: string;
  muted: boolean;
  /** Volume of the loudest channel, 0 to 1; above 1 is amplification. */
  volume: number;
  /** Gain in dB at that volume; absent if the volume curve of the system is unknown. */
  gainDb?: number;
  /** True if one channel, but not all, is at 0 %. */
  hasDeadChannel?: boolean;
  /** Labels of the programs that use it now, without the agent. */
  usedBy: string[];
  /** USB vendor and product if known: `046d:082d`. */
  model?: string;
  /** True if nothing is plugged into its socket. */
  isUnplugged?: boolean;
  /** True if the system lists the device but does not report its mute state and volume. */
  isUnread?: boolean;
};
/** Sources are microphones, sinks are loudspeakers. The default is a device id. */
export type SoundState = {
  sources: SoundDevice[];
  defaultSource: string | null;
  /** Default for calls, if the system has a separate one. */
  defaultCallSource?: string | null;
  sinks: SoundDevice[];
  defaultSink: string | null;
  /** Sound cards with microphones that are switched off. */
  switchedOff?: Part[];
};

/** `down`: someone is signed in, but no sound service runs. `hung`: the sound service runs, but did not answer in time. */
export type SoundService = 'answers' | 'down' | 'hung';

/** The cameras of a PC. `incompleteReason` says why the list may miss a camera, such as a service that did not answer. */
export type Cameras = Answer<Camera[]> & { incompleteReason?: string };
/** A camera, and the programs that use it now. */
export type Camera = {
  id: string;
  name: string;
  usedBy: Answer<string[]>;
  /** True for a camera made by a program such as OBS, which does not show the room. */
  isVirtual?: boolean;
  /** True if only the session of the signed-in user lists the camera. No event then reports its changes. */
  isSessionOnly?: boolean;
};

export type PcFigures = {
  uptimeSeconds: number;
  /** Busy time of all cores since the last call, 0 to 1; null at the first call. */
  loadRatio: number | null;
  memoryUsedRatio: number;
  diskUsedRatio: number;
  temperatureCelsius: number | null;
  /** Critical limit of the hottest sensor by its firmware; null if it names none. */
  temperatureLimitCelsius: number | null;
};

export type PowerFigures = {
  /** `onMains` and `batteryChargeRatio` are null without a battery. */
  onMains: boolean | null;
  /** 0 to 1, over all batteries of the PC. */
  batteryChargeRatio: number | null;
  isCharging: boolean;
  /** Remaining time while discharging, if the rate is known. */
  runtimeMs: number | null;
  /** Temperature of the coldest battery with a sensor. */
  batteryCelsius: number | null;
};

/** `room` is a sensor that measures the air around the PC. */
export type Sensor = { kind: 'processor' | 'board' | 'disk' | 'room'; celsius: number };

export type ClimateFigures = {
  uptimeSeconds: number;
  /** As in PcFigures, with a separate measuring window. */
  loadRatio: number | null;
  /** All plausible sensors, including readings below freezing. */
  sensors: Sensor[];
  /** Humidity of the air around the PC; null without a sensor. */
  humidityRatio: number | null;
};

/** A part with a name; its id is stable and is no serial number. */
export type Part = { id: string; name: string };
/** Parts of the PC that may have a limit of altitude. */
export type Hardware = {
  /** Built-in hard disks with rotating platters. */
  turningDisks: Part[];
  /** The PC and its displays, by maker and model. */
  models: Part[];
};

/** A router of the local network, reached through `interface`. */
export type Gateway = { interface: string; address: string };
export type NetworkState = {
  /** Interfaces with a carrier, without loopback. */
  interfaces: string[];
  /** True if an interface has an address that is not link-local. */
  hasAddress: boolean;
  hasWayOut: boolean;
  /** Routers of the default routes with the lowest metric. The system uses the others only after these routes are gone. */
  gateways: Gateway[];
};

/** Returns the routes with the lowest metric. */
export function lowestMetric<T extends { metric: number }>(ways: readonly T[]): T[] {
  const least = Math.min(...ways.map(({ metric }) => metric));
  return ways.filter(({ metric }) => metric === least);
}

/** `speedBps`: negotiated rate of the network card; null if it reports none. */
export type CardFigures = { sentBytes: number; receivedBytes: number; speedBps: number | null };

export type OrderResult = { done: true } | { done: false; reason: string };

export type SoundChange = { kind: 'microphone' | 'speaker'; id: string } & ({ muted: boolean } | { chosen: true });

/** Changes that a command or a key in the room may make on this PC. */
export type PlatformOrders = {
  /** Restarts the sound service of the signed-in user. */
  restartSound(signal: AbortSignal): Promise<OrderResult>;
  /** Selects the only device of this kind whose name contains `name` as the default. Returns a reason if several or none fit. */
  setDefaultDevice(device: { kind: 'microphone' | 'speaker'; name: string }, signal: AbortSignal): Promise<OrderResult>;
  /** Unmutes, mutes or selects the device with exactly this id. */
  changeSound(change: SoundChange, signal: AbortSignal): Promise<OrderResult>;
  /** Restarts the PC. `done` means that the restart has been requested. */
  reboot(signal: AbortSignal): Promise<OrderResult>;
};

/** Context of a reading on Linux. `root`: folder with proc, sys and dev. `env`: environment of the programs it runs. */
export type System = { root: string; env: Record<string, string>; clock: Clock };

/** A disk as of the last inventory; null if Windows does not report it. */
export type SeenDisk = { name: string; isTurning: boolean | null; isFailing: boolean | null };
/** Context of a reading on Windows. `root`: the Windows folder. `disks` is unknown until the inventory is read. */
export type WindowsSystem = { native: () => Native; root: string; clock: Clock; disks: () => Answer<SeenDisk[]> };

/** A question to the operating system, with one function per supported system. On other systems the result is unknown. */
export type Query<T> = {
  linux?: (system: System, signal: AbortSignal) => Promise<Answer<T>>;
  windows?: (system: WindowsSystem, signal: AbortSignal) => Promise<Answer<T>>;
};

/** Result of a question that has no function for this operating system. */
export const unsupportedSystem = { known: false, reason: 'not written for this system yet' } as const;

export type PlatformNetwork = {
  /** Reads the network state. It is cheap and sends no packet. */
  network(): Promise<Answer<NetworkState>>;
  /** Returns whether this router answered the last address resolution (ARP, NDP) of the system; null if unknown. */
  isNeighbourReachable(gateway: Gateway): Promise<boolean | null>;
};

/** All questions and orders to an operating system. */
export type Platform = PlatformOrders &
  PlatformNetwork & {
    /** Reads the answer to any question. A new question therefore needs no method here. */
    ask<T>(question: Query<T>, signal: AbortSignal): Promise<Answer<T>>;
    sound(signal: AbortSignal): Promise<Answer<SoundState>>;
    /** Reads whether the sound service answers. `watchSound` calls back if the result differs from the last one. */
    soundService(signal: AbortSignal): Promise<Answer<SoundService>>;
    /** Calls back at every change of a sound device. Without a sound server it never calls back. */
    watchSound(changed: () => void): Cancel;
    cameras(signal: AbortSignal): Promise<Cameras>;
    /** Returns whether a program uses a camera or microphone. Absent if this process itself runs in the session of the user. */
    isHeldInRoom?(signal: AbortSignal): Promise<boolean>;
    watchCameras(changed: () => void): Cancel;
    figures(signal: AbortSignal): Promise<PcFigures>;
    /** Reads devices, operating system and versions. It is slow, so the agent calls it at start and once a day. */
    inventory(signal: AbortSignal): Promise<Record<string, unknown>>;
    power(signal: AbortSignal): Promise<PowerFigures>;
    climate(signal: AbortSignal): Promise<ClimateFigures>;
    /** Reads the disks and models of the PC, which do not change while it runs, and of its displays. */
    hardware(signal: AbortSignal): Promise<Hardware>;
    /** Returns the id of the running boot, a random text that differs for each boot. */
    bootId(): string;
    /** True if the system recorded that the previous boot ended in a crash; false if not, or if unknown. */
    crashedBefore(): boolean;
    /** Returns why the system is about to end this boot, or null. It must be cheap, because it is read every 10 s. */
    endBegun(): 'update' | 'shutdown' | null;
    /** Returns whether the whole system is shutting down. The agent calls it when it is stopped itself. */
    isShuttingDown(signal: AbortSignal): Promise<boolean>;
  };
