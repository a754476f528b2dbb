/** Where a simulated room has its power from: mains that come and go, the battery of a laptop, and a UPS that ends. */
import type { Clock, PcPath } from '@sabha/contracts';
import type { AskUps } from '../../agent/link/net/nut.ts';
import type { PowerFigures } from '../../agent/platform/platform.ts';

/** Mains come and go; a UPS is put there (its battery lasts so long), loses its cable, or is taken away. */
export type PowerChange = { mains?: boolean; ups?: { lastsMs: number } | 'lost' | null };

/** Mains, battery and UPS of one PC. */
export type Supply = {
  change(change: PowerChange): void;
  figures(): PowerFigures;
  /** What the server of the room's UPS answers, whatever the profile calls it. */
  ups: AskUps;
};

/** Whether the PC has a battery, and the air that the sensor of its UPS measures. */
export type SupplyOptions = {
  clock: Pick<Clock, 'up'>;
  hasBattery: boolean;
  /** What the sensor of the UPS measures in the room. */
  air: () => { roomCelsius: number; humidityRatio: number };
};

const batteryLastsMs = 40 * 60_000;
/** At this share of its charge the UPS calls it low. */
const lowRatio = 0.1;

/** About three in ten PCs of the nation are laptops, always the same ones. */
export function isLaptop(path: PcPath): boolean {
  return [...path].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000, 7) < 300;
}

/** A PC on mains, without a UPS. */
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
      if (ups === 'lost') return { known: false, lost: true, reason: 'the UPS says nothing any more' };
      if (!ups) return { known: false, lost: false, reason: 'upsd does not answer' };
      const ratio = left(ups.lastsMs) / ups.lastsMs;
      const status = offMainsUp === null ? 'OL' : ratio <= lowRatio ? 'OB LB' : 'OB DISCHRG';
      return { known: true, variables: variablesOf({ status, ratio, runtimeMs: left(ups.lastsMs), ...air() }) };
    },
  };
}

type Said = { status: string; ratio: number; runtimeMs: number; roomCelsius: number; humidityRatio: number };

/** As Network UPS Tools name them. */
function variablesOf({ status, ratio, runtimeMs, roomCelsius, humidityRatio }: Said): Map<string, string> {
  return new Map([
    ['ups.status', status],
    ['battery.charge', String(Math.round(ratio * 100))],
    ['battery.runtime', String(Math.round(runtimeMs / 1_000))],
    ['ambient.temperature', roomCelsius.toFixed(1)],
    ['ambient.humidity', (humidityRatio * 100).toFixed(0)],
  ]);
}
