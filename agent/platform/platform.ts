/** What a probe may ask of an operating system. Only the folders beside this file know one. */
import type { Cancel, Clock } from '@sabha/contracts';
import type { Answer } from './answer.ts';
import type { Native } from './native.ts';

export type { Answer } from './answer.ts';

/** A microphone or a loudspeaker. */
export type SoundDevice = {
  /** Stable name of the device, such as `alsa_input.usb-…`. */
  id: string;
  name: string;
  muted: boolean;
  /** Of the loudest channel: 0 to 1; above 1 is amplification. */
  volume: number;
  /** What that volume does to the sound, in dB; absent where the system has no curve that is known. */
  gainDb?: number;
  /** One of its channels, and not all, is at 0 %. */
  hasDeadChannel?: boolean;
  /** Programs that record from it or play to it now, by what they may be called. The agent itself is left out. */
  usedBy: string[];
  /** Vendor and product of its USB, where the system tells them: `046d:082d`. */
  model?: string;
  /** Its socket is empty. */
  isUnplugged?: boolean;
  /** The system tells that it is there, and not whether it is muted or how loud it is. */
  isUnread?: boolean;
};
/** Sources are microphones, sinks are loudspeakers; the default is the id of the one that is chosen. */
export type SoundState = {
  sources: SoundDevice[];
  defaultSource: string | null;
  /** What calls take, where the system has a choice of its own for them. */
  defaultCallSource?: string | null;
  sinks: SoundDevice[];
  defaultSink: string | null;
  /** Cards with microphones that are switched off as a whole. */
  switchedOff?: Part[];
};

/** `down`: somebody is signed in and none runs; `hung`: it runs and did not answer in time. */
export type SoundService = 'answers' | 'down' | 'hung';

/** The cameras of a PC. `unheard`: why others, which only another service knows, may be there. */
export type Cameras = Answer<Camera[]> & { unheard?: string };
/** A camera, and the programs that hold it now. */
export type Camera = {
  id: string;
  name: string;
  usedBy: Answer<string[]>;
  /** Made by a program, such as that of OBS: no camera of the room. */
  isVirtual?: boolean;
  /** Only the session has it, and nobody tells when it comes or goes. */
  isOfSession?: boolean;
};

/** How busy, full and warm the PC is. */
export type PcFigures = {
  uptimeSeconds: number;
  /** Busy time of all cores since the last call, 0 to 1; null at the first. */
  loadRatio: number | null;
  memoryUsedRatio: number;
  diskUsedRatio: number;
  temperatureCelsius: number | null;
  /** Limit at which the hottest sensor's own firmware calls it critical; null where it names none. */
  temperatureLimitCelsius: number | null;
};

/** What the batteries of the PC say. */
export type PowerFigures = {
  /** Both null where the PC has no battery. */
  onMains: boolean | null;
  /** 0 to 1, over all batteries of the PC. */
  batteryChargeRatio: number | null;
  isCharging: boolean;
  /** How long they last, where they are being emptied and say how fast. */
  runtimeMs: number | null;
  /** Of the coldest battery that says it. */
  batteryCelsius: number | null;
};

/** `room` is a sensor that measures the air around the PC. */
export type Sensor = { kind: 'processor' | 'board' | 'disk' | 'room'; celsius: number };

/** What the sensors of the PC say. */
export type ClimateFigures = {
  uptimeSeconds: number;
  /** As in PcFigures, since the last call of its own. */
  loadRatio: number | null;
  /** All that can be believed, colder than frost too. */
  sensors: Sensor[];
  /** Of the air around the PC; null where nothing measures it. */
  humidityRatio: number | null;
};

/** A part with a name; its id stays the same and is no serial number. */
export type Part = { id: string; name: string };
/** Parts of the PC whose limits depend on height. */
export type Hardware = {
  /** Disks that turn, built in. */
  turningDisks: Part[];
  /** The PC itself and its displays, by maker and model. */
  models: Part[];
};

/** A router of the local network; `interface` leads to it. */
export type Gateway = { interface: string; address: string };
/** The local network as the system has it now. */
export type NetworkState = {
  /** Those that have a carrier; never the loopback. */
  interfaces: string[];
  /** One of them has an address that reaches further than the cable. */
  hasAddress: boolean;
  hasWayOut: boolean;
  /** Those that are taken: the system leaves a way with a higher metric alone until the others are gone. */
  gateways: Gateway[];
};

/** Of several ways out those with the lowest metric. */
export function takenOf<T extends { metric: number }>(ways: readonly T[]): T[] {
  const least = Math.min(...ways.map(({ metric }) => metric));
  return ways.filter(({ metric }) => metric === least);
}

/** `speedBps`: the rate that the card itself has agreed on with the other end of its cable; null where it names none. */
export type CardFigures = { sentBytes: number; receivedBytes: number; speedBps: number | null };

/** What became of an order: done, or why not. */
export type Order = { done: true } | { done: false; reason: string };

/** Of one sound device, by its id. */
export type SoundChange = { kind: 'microphone' | 'speaker'; id: string } & ({ muted: boolean } | { chosen: true });

/** What a command, or a key in the room, may change on this PC. */
export type PlatformOrders = {
  /** Starts the sound service of the signed-in user anew. */
  restartSound(signal: AbortSignal): Promise<Order>;
  /** Chooses the one device of this kind whose name contains `name`; several or none are a reason. */
  setDefaultDevice(device: { kind: 'microphone' | 'speaker'; name: string }, signal: AbortSignal): Promise<Order>;
  /** Opens, mutes or chooses the device with exactly this id. */
  changeSound(change: SoundChange, signal: AbortSignal): Promise<Order>;
  /** Done means that the PC is about to end. */
  reboot(signal: AbortSignal): Promise<Order>;
};

/** What a reading stands on: `root` is the folder that holds proc, sys and dev; `env` is set for the programs that are run. */
export type System = { root: string; env: Record<string, string>; clock: Clock };

/** A disk as the inventory last saw it; null where Windows does not say. */
export type SeenDisk = { name: string; isTurning: boolean | null; isFailing: boolean | null };
/** What a reading of Windows stands on: `root` is the folder of Windows itself; `disks`: not known before the inventory was read. */
export type WindowsSystem = { native: () => Native; root: string; clock: Clock; disks: () => Answer<SeenDisk[]> };

/** One thing that may be asked, with its reading on each system for which it is written; on every other one it is not known by itself. */
export type Question<T> = {
  linux?: (system: System, signal: AbortSignal) => Promise<Answer<T>>;
  windows?: (system: WindowsSystem, signal: AbortSignal) => Promise<Answer<T>>;
};

/** The answer to a question that is not written for this system. */
export const notWritten = { known: false, reason: 'not written for this system yet' } as const;

/** What may be asked of the network. */
export type PlatformNetwork = {
  /** Cheap: nothing is sent. */
  network(): Promise<Answer<NetworkState>>;
  /** Has this neighbour been heard since it was last asked for; null where the system does not tell. */
  isNeighbourHeard(gateway: Gateway): Promise<boolean | null>;
};

/** Everything that may be asked of an operating system, and ordered. */
export type Platform = PlatformOrders &
  PlatformNetwork & {
    /** Whatever has no question of its own below: a new one needs no word here. */
    ask<T>(question: Question<T>, signal: AbortSignal): Promise<Answer<T>>;
    sound(signal: AbortSignal): Promise<Answer<SoundState>>;
    /** Cheap. Where it is another answer than the last, the watch below tells of it. */
    soundService(signal: AbortSignal): Promise<Answer<SoundService>>;
    /** Calls back at every change of a sound device; says nothing where there is no sound server. */
    watchSound(changed: () => void): Cancel;
    cameras(signal: AbortSignal): Promise<Cameras>;
    /** Only where the session is another process's, which sees more: does a program have camera or microphone there? */
    isHeldInRoom?(signal: AbortSignal): Promise<boolean>;
    watchCameras(changed: () => void): Cancel;
    figures(signal: AbortSignal): Promise<PcFigures>;
    /** Devices, OS and versions, for the inventory: slow, at start and once a day. */
    inventory(signal: AbortSignal): Promise<Record<string, unknown>>;
    power(signal: AbortSignal): Promise<PowerFigures>;
    climate(signal: AbortSignal): Promise<ClimateFigures>;
    /** What does not change while the PC runs, displays aside. */
    hardware(signal: AbortSignal): Promise<Hardware>;
    /** Random at each boot of the PC. */
    bootId(): string;
    /** The system wrote down that the boot before this one ended in a crash of its own; false where it did not, or does not tell us. */
    crashedBefore(): boolean;
    /** What the system has begun that will end this boot: `update`, `shutdown`; null for nothing. Cheap: it is asked every 10 s. */
    endBegun(): 'update' | 'shutdown' | null;
    /** Asked when the agent is told to end: because the whole system does? */
    isShuttingDown(signal: AbortSignal): Promise<boolean>;
  };
