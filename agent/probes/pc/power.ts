/** Checks mains and battery of the PC, and its UPS if the profile names one. */
import { connect } from 'node:net';
import { type Check, realClock } from '@sabha/contracts';
import type { PowerState, Probe, ProbeResult } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import { type AskUps, createNut, type UpsAnswer } from '../../link/net/nut.ts';
import type { PowerFigures } from '../../platform/platform.ts';
import { type Ups, upsOf } from './ups.ts';

/** Remaining runtime below which the battery counts as ending. */
const endingMs = 120_000;
/** Charge at which a battery without a runtime counts as ending. */
const endingRatio = 0.05;
/** Interval of the probe on battery. The UPS is in the local network, so the probe costs no data on the link. */
const onBatteryEveryMs = 5_000;

/** `ups` is null if the profile names no UPS. `said`: the values of the UPS, null if unreadable. */
type Facts = { pc: PowerFigures; ups: UpsAnswer | null; said: Ups | null };

/** Creates the power probe. Guarantee: an unreadable UPS counts as unknown, and the mains is then unknown too. */
export function createPowerProbe(ask: AskUps = createNut({ connect, clock: realClock() })): Probe {
  return {
    name: 'power',
    everyMs: 30_000,
    timeoutMs: 5_000,
    async run({ platform, profile, signal }) {
      const pc = await platform.power(signal);
      const ups = profile.ups === undefined ? null : await ask(profile.ups, signal);
      return resultOf({ pc, ups, said: ups?.known ? upsOf(ups) : null });
    },
  };
}

function resultOf(facts: Facts): ProbeResult {
  const { pc, ups, said } = facts;
  const mains = mainsOf(facts);
  const checks = [...mains, ...batteryOf(pc), ...(ups === null ? [] : [check('ups', judgeUps(ups, said))])];
  const power = stateOf(facts, mains[0]);
  const numbers = {
    ...(power.onMains !== null && { ac: Number(power.onMains) }),
    ...(pc.batteryChargeRatio !== null && { bat: pc.batteryChargeRatio }),
    ...(said !== null && said.chargeRatio !== null && { uc: said.chargeRatio }),
    ...(said !== null && said.saidRuntimeMs !== null && { ur: said.saidRuntimeMs / 1_000 }),
  };
  return { checks, numbers, power, ...(power.onMains === false && { nextRunMs: onBatteryEveryMs }) };
}

/** Returns the check of the mains. A PC without battery and UPS has none, because it stops with the mains. */
function mainsOf({ pc, ups, said }: Facts): Check[] {
  if (pc.onMains === false || said?.onBattery === true) return [check('mains', fault('power.on_battery'))];
  if (ups === null) return pc.onMains === null ? [] : [check('mains', ok)];
  return [check('mains', said === null || said.onBattery === null ? unknown(reasonOf(ups)) : ok)];
}

function batteryOf(pc: PowerFigures): Check[] {
  if (pc.batteryChargeRatio === null) return [];
  return [check('battery', isBatteryEnding(pc) ? fault('power.battery_low') : ok)];
}

function judgeUps(ups: UpsAnswer, said: Ups | null): Verdict {
  if (!ups.known) return ups.lost ? fault('power.ups_lost', ups.reason) : unknown(ups.reason);
  if (said === null || said.onBattery === null) return unknown(reasonOf(ups));
  if (isUpsEnding(said)) return fault('power.battery_low');
  return said.replaceBattery ? fault('power.ups_replace') : ok;
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
  return ups.known ? 'the UPS does not report its state' : ups.reason;
}

function check(device: string, verdict: Verdict): Check {
  return { component: 'power', device, ...verdict };
}
