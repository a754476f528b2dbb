/** Interprets the variables of a UPS. Their names and units are defined by Network UPS Tools, "Variables". */
import type { UpsAnswer } from '../../link/net/nut.ts';

/** State of a UPS; ratios from 0 to 1. */
export type Ups = ReturnType<typeof upsOf>;

/** Below this temperature a lead battery loses about 1 % of its capacity per degree. The runtime that a UPS reports ignores this. */
const fullAtCelsius = 25;
const lossPerCelsius = 0.01;
/** Charge above which a reported runtime of 0 is implausible and ignored. */
const lowRatio = 0.2;

/** Reads the variables of a UPS. A missing or implausible value is null. */
export function upsOf({ variables }: Extract<UpsAnswer, { known: true }>) {
  const number = (name: string, scale = 1) => numberOf(variables.get(name), scale);
  const flags = new Set((variables.get('ups.status') ?? '').split(' '));
  const chargeRatio = clamped(number('battery.charge', 0.01));
  const runtimeMs = number('battery.runtime', 1_000);
  // A UPS that cannot measure the runtime always reports 0.
  const saidRuntimeMs = runtimeMs === 0 && chargeRatio !== null && chargeRatio > lowRatio ? null : runtimeMs;
  const batteryCelsius = number('battery.temperature');
  const isLead = !/li/i.test(variables.get('battery.type') ?? '');
  const coldness = !isLead || batteryCelsius === null ? 0 : Math.max(0, fullAtCelsius - batteryCelsius);
  const humidity = number('ambient.humidity', 0.01);
  return {
    /** Null if the UPS does not report it. */
    onBattery: flags.has('OB') || flags.has('FSD') ? true : flags.has('OL') ? false : null,
    /** True if the UPS itself reports a low battery. */
    batteryLow: flags.has('LB') || flags.has('FSD'),
    replaceBattery: flags.has('RB'),
    isCharging: flags.has('CHRG'),
    chargeRatio,
    /** Runtime as the UPS reports it; `runtimeMs` is corrected for the temperature. */
    saidRuntimeMs,
    runtimeMs: saidRuntimeMs === null ? null : saidRuntimeMs * Math.max(0, 1 - lossPerCelsius * coldness),
    batteryCelsius,
    /** Temperature inside the case of the UPS, which is warmer than the room. */
    caseCelsius: number('ups.temperature'),
    /** Values of a separate sensor of the UPS in the room. */
    room: { celsius: number('ambient.temperature'), humidityRatio: humidity === 0 ? null : clamped(humidity) },
  };
}

function numberOf(text: string | undefined, scale: number): number | null {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value * scale : null;
}

function clamped(ratio: number | null): number | null {
  return ratio === null ? null : Math.min(1, Math.max(0, ratio));
}
