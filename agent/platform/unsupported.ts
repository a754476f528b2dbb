/** Platform for an unsupported operating system: every question about its devices is unknown. */
import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { freemem, totalmem, uptime } from 'node:os';
import { type OrderResult, type Platform, type PlatformNetwork, type PlatformOrders, unsupportedSystem } from './platform.ts';

const unknown = async () => unsupportedSystem;
const notHere = async (): Promise<OrderResult> => ({ done: false, reason: 'not possible here' });
const noOrders: PlatformOrders = { restartSound: notHere, setDefaultDevice: notHere, changeSound: notHere, reboot: notHere };

const noNetwork: PlatformNetwork = { network: unknown, isNeighbourReachable: async () => null };

/** Guarantee: never reports a device as found or missing. */
export function createUnsupported(): Platform {
  const bootId = randomUUID();
  return {
    ...noOrders,
    ...noNetwork,
    ask: unknown,
    sound: unknown,
    soundService: unknown,
    watchSound: () => () => {},
    cameras: unknown,
    watchCameras: () => () => {},
    figures: async () => {
      const disk = await statfs('.');
      return {
        uptimeSeconds: uptime(),
        loadRatio: null,
        memoryUsedRatio: 1 - freemem() / totalmem(),
        diskUsedRatio: 1 - disk.bavail / disk.blocks,
        temperatureCelsius: null,
        temperatureLimitCelsius: null,
      };
    },
    power: async () => ({ onMains: null, batteryChargeRatio: null, isCharging: false, runtimeMs: null, batteryCelsius: null }),
    climate: async () => ({ uptimeSeconds: uptime(), loadRatio: null, sensors: [], humidityRatio: null }),
    hardware: async () => ({ turningDisks: [], models: [] }),
    inventory: async () => ({ os: { platform: process.platform }, node: process.version }),
    bootId: () => bootId,
    crashedBefore: () => false,
    endBegun: () => null,
    isShuttingDown: async () => false,
  };
}
