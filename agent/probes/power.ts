/** Is there power, and for how long: mains and battery of the PC, and its UPS where the profile names one. */
import { connect } from 'node:net';
import { type Check, realClock } from '#contracts';
import type { PowerFigures } from '../platform/platform.ts';
import { type AskUps, createNut, type UpsAnswer } from '../power/nut.ts';
import { type Ups, upsOf } from '../power/ups.ts';
import type { PowerState, Probe, ProbeResult } from '../probe.ts';

/** With less left nobody finishes a sentence. */
const endingMs = 120_000;
/** A battery that names no time is about to end at this charge. */
const endingRatio = 0.05;
/** The UPS stands in the room, so that asking it costs the link nothing. */
const onBatteryEveryMs = 5_000;

/** `ups` is null where the profile names none. */
type Facts = { pc: PowerFigures; ups: UpsAnswer | null; said: Ups | null };

/** Guarantee: a UPS that cannot be asked is neither lost nor well, and while it is not known nobody says that there is mains. */
export function createPowerProbe(ask: AskUps = createNut({ connect, clock: realClock() })): Probe {
  return {
    name: 'power',
    everyMs: 30_000,
    timeoutMs: 5_000,
    seat: 'run',
    async run({ platform, profile, signal }) {
      const pc = await platform.power(signal);
      const ups = profile.ups === undefined ? null : await ask(profile.ups, signal);
      return resultOf({ pc, ups, said: ups?.known ? upsOf(ups) : null });
    },
  };
}

function resultOf(facts: Facts): ProbeResult {
  const { pc, said } = facts;
  const mains = mainsOf(facts);
  const checks = [...mains, ...batteryOf(pc), ...upsCheckOf(facts)];
  const power = stateOf(facts, mains[0]);
  const numbers = {
    ...(power.onMains !== null && { ac: Number(power.onMains) }),
    ...(pc.batteryChargeRatio !== null && { bat: pc.batteryChargeRatio }),
    ...(said !== null && said.chargeRatio !== null && { uc: said.chargeRatio }),
    ...(said !== null && said.saidRuntimeMs !== null && { ur: said.saidRuntimeMs / 1_000 }),
  };
  return { checks, numbers, power, ...(power.onMains === false && { soonMs: onBatteryEveryMs }) };
}

/** A PC with neither battery nor UPS has no such check: it runs as long as there is mains. */
function mainsOf({ pc, ups, said }: Facts): Check[] {
  if (pc.onMains === false || said?.onBattery === true) return [fault('mains', 'power.on_battery')];
  if (ups === null) return pc.onMains === null ? [] : [ok('mains')];
  return [said === null || said.onBattery === null ? unknown('mains', reasonOf(ups)) : ok('mains')];
}

function batteryOf(pc: PowerFigures): Check[] {
  if (pc.batteryChargeRatio === null) return [];
  return [isBatteryEnding(pc) ? fault('battery', 'power.battery_low') : ok('battery')];
}

function upsCheckOf({ ups, said }: Facts): Check[] {
  if (ups === null) return [];
  if (!ups.known) return [ups.lost ? { ...fault('ups', 'power.ups_lost'), reason: ups.reason } : unknown('ups', ups.reason)];
  if (said === null || said.onBattery === null) return [unknown('ups', reasonOf(ups))];
  if (isUpsEnding(said)) return [fault('ups', 'power.battery_low')];
  return [said.replaceBattery ? fault('ups', 'power.ups_replace') : ok('ups')];
}

function stateOf({ pc, said }: Facts, mains: Check | undefined): PowerState {
  const ups = said !== null && isUpsEnding(said);
  const left = ups ? said.saidRuntimeMs : pc.runtimeMs;
  return {
    onMains: mains === undefined || mains.status === 'unknown' ? null : mains.status === 'ok',
    isEnding: ups || isBatteryEnding(pc),
    runtimeMs: left === null ? null : Math.max(0, Math.round(left)),
  };
}

function isUpsEnding({ onBattery, batteryLow, runtimeMs }: Ups): boolean {
  return onBattery === true && (batteryLow || (runtimeMs !== null && runtimeMs < endingMs));
}

function isBatteryEnding({ onMains, batteryChargeRatio, runtimeMs }: PowerFigures): boolean {
  if (onMains !== false || batteryChargeRatio === null) return false;
  return batteryChargeRatio <= endingRatio || (runtimeMs !== null && runtimeMs < endingMs);
}

function reasonOf(ups: UpsAnswer): string {
  return ups.known ? 'the UPS does not say how it is' : ups.reason;
}

function ok(device: string): Check {
  return { component: 'power', device, status: 'ok', fault: null, reason: null };
}

function fault(device: string, id: string): Check {
  return { component: 'power', device, status: 'fault', fault: id, reason: null };
}

function unknown(device: string, reason: string): Check {
  return { component: 'power', device, status: 'unknown', fault: null, reason };
}
