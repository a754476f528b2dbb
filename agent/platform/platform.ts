/** What a probe may ask of an operating system. Only the folders beside this file know one. */
import type { Cancel } from '#contracts';

/** An answer, or the reason why none can be had (a tool is missing, nobody is signed in). */
export type Answer<T> = { known: true; value: T } | { known: false; reason: string };

/** A microphone or a loudspeaker. */
export type SoundDevice = {
  /** Stable name of the device, such as `alsa_input.usb-…`. */
  id: string;
  name: string;
  muted: boolean;
  /** 0 to 1; above 1 is amplification. */
  volume: number;
  /** Programs that record from it or play to it now, by what they may be called. The agent itself is left out. */
  usedBy: string[];
};
/** Sources are microphones, sinks are loudspeakers; the default is the id of the one that is chosen. */
export type SoundState = { sources: SoundDevice[]; defaultSource: string | null; sinks: SoundDevice[]; defaultSink: string | null };

export type Camera = { id: string; name: string; usedBy: Answer<string[]> };

export type PcFigures = {
  uptimeSeconds: number;
  /** Busy time of all cores since the last call, 0 to 1; null at the first. */
  loadRatio: number | null;
  memoryUsedRatio: number;
  diskUsedRatio: number;
  temperatureCelsius: number | null;
  /** Limit at which the hottest sensor's own firmware calls it critical; null where it names none. */
  temperatureLimitCelsius: number | null;
  /** Both null where the PC has no battery. */
  onMains: boolean | null;
  /** 0 to 1, over all batteries of the PC. */
  batteryChargeRatio: number | null;
};

/** `speedBps`: the rate that the card itself has agreed on with the other end of its cable; null where it names none. */
export type CardFigures = { sentBytes: number; receivedBytes: number; speedBps: number | null };

/** What became of an order: done, or why not. */
export type Order = { done: true } | { done: false; reason: string };

/** What a command may change on this PC. */
export type PlatformOrders = {
  /** Starts the sound service of the signed-in user anew. */
  restartSound(signal: AbortSignal): Promise<Order>;
  /** Chooses the one device of this kind whose name contains `name`; several or none are a reason. */
  setDefaultDevice(device: { kind: 'microphone' | 'speaker'; name: string }, signal: AbortSignal): Promise<Order>;
  /** Done means that the PC is about to end. */
  reboot(signal: AbortSignal): Promise<Order>;
};

export type Platform = PlatformOrders & {
  sound(signal: AbortSignal): Promise<Answer<SoundState>>;
  /** Calls back at every change of a sound device; says nothing where there is no sound server. */
  watchSound(changed: () => void): Cancel;
  cameras(signal: AbortSignal): Promise<Answer<Camera[]>>;
  watchCameras(changed: () => void): Cancel;
  figures(signal: AbortSignal): Promise<PcFigures>;
  /** Of the network card that has this address: what went through it since it is up. Cheap: asked every 10 s. */
  card(address: string): Promise<Answer<CardFigures>>;
  /** Devices, OS and versions, for the inventory: slow, at start and once a day. */
  inventory(signal: AbortSignal): Promise<Record<string, unknown>>;
  /** Random at each boot of the PC. */
  bootId(): string;
};
