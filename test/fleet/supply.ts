/** The power of a simulated room: mains, the battery of a laptop, and a UPS that runs empty. */
import type { Clock, PcPath } from '@sabha/contracts';
import type { AskUps } from '../../agent/link/net/nut.ts';
import type { PowerFigures } from '../../agent/platform/platform.ts';

/** A change of the mains, or of the UPS: added with its runtime, cable lost, or removed. */
export type PowerChange = { mains?: boolean; ups?: { lastsMs: number } | 'lost' | null };

export type Supply = {
  change(change: PowerChange): void;
  figures(): PowerFigures;
  /** Returns the variables of the room's UPS, whatever its name in the request. */
  ups: AskUps;
};

export type SupplyOptions = {
  clock: Pick<Clock, 'up'>;
  hasBattery: boolean;
  /** Returns what the sensor of the UPS measures in the room. */
  air: () => { roomCelsius: number; humidityRatio: number };
};

const batteryLastsMs = 40 * 60_000;
/** Share of the charge at which the UPS reports a low battery. */
const lowRatio = 0.1;

/** Whether the PC is a laptop. About three in ten PCs are laptops, always the same ones. */
export function isLaptop(path: PcPath): boolean {
  return [...path].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000, 7) < 300;
}

export function createSupply({ clock, hasBattery, air }: SupplyOptions): Supply {
  let offMainsUp: number | null = null;
  let ups: PowerChange['ups'] = null;
  const left = (lastsMs: number) => Math.max(0, lastsMs - (offMainsUp === null ? 0 : clock.up() - offMainsUp));
  return {
    change({ mains, ups: next }) {
      if (mains !== undefined) offMainsUp = mains ? null : (offMainsUp ?? clock.up());
      if (next !== undefined) ups = next;
    },
    figures() {
      const none = { onMains: null, batteryChargeRatio: null, isCharging: false, runtimeMs: null, batteryCelsius: null };
      if (!hasBattery) return none;
      const runtimeMs = left(batteryLastsMs);
      const onMains = offMainsUp === null;
      return { ...none, onMains, batteryChargeRatio: runtimeMs / batteryLastsMs, runtimeMs: onMains ? null : runtimeMs };
    },
    async ups() {
      if (ups === 'lost') return { known: false, lost: true, reason: 'the UPS no longer reports its state' };
      if (!ups) return { known: false, lost: false, reason: 'upsd does not answer' };
      const ratio = left(ups.lastsMs) / ups.lastsMs;
      const status = offMainsUp === null ? 'OL' : ratio <= lowRatio ? 'OB LB' : 'OB DISCHRG';
      return { known: true, variables: variablesOf({ status, ratio, runtimeMs: left(ups.lastsMs), ...air() }) };
    },
  };
}

type Said = { status: string; ratio: number; runtimeMs: number; roomCelsius: number; humidityRatio: number };

function variablesOf({ status, ratio, runtimeMs, roomCelsius, humidityRatio }: Said): Map<string, string> {
  return new Map([
    ['ups.status', status],
    ['battery.charge', String(Math.round(ratio * 100))],
    ['battery.runtime', String(Math.round(runtimeMs / 1_000))],
    ['ambient.temperature', roomCelsius.toFixed(1)],
    ['ambient.humidity', (humidityRatio * 100).toFixed(0)],
  ]);
}
