/** Judges how elevation, heat, cold and dry air affect a PC, from measured values. Pure functions. */
import { airAt, deratingCelsius, hardDiskLimitM, ratedRoomCelsius, riseFactor, roomLimitCelsius } from '@sabha/contracts';
import { fault, ok, unknown, type Verdict } from './verdict.ts';

/** Limits for a PC at one elevation; degrees Celsius, ratios from 0 to 1. */
export type ClimateLimits = ReturnType<typeof limitsAt>;

/** Boards and disks are rated for 5 to 35 °C. Below 0 °C moisture freezes on them; at 10 °C it has dried (Quanmax, Dell). */
const cold = { coldCelsius: 5, frostCelsius: 0, thawedCelsius: 10 };
/** `dryRatio`: static discharge occurs below this relative humidity. `veryDryRatio`: lower limit in many data sheets (HP). */
const dry = { dryRatio: 0.2, veryDryRatio: 0.1 };

/** Returns all limits at an elevation. The checks use these limits, and `sabha-agent check` prints them. */
export function limitsAt(elevationM: number) {
  return {
    elevationM,
    air: airAt(elevationM),
    ratedCelsius: ratedRoomCelsius,
    deratingCelsius: deratingCelsius(elevationM),
    roomCelsius: roomLimitCelsius(elevationM),
    riseFactor: riseFactor(elevationM),
    isTooHighForHardDisks: elevationM > hardDiskLimitM,
    hardDiskLimitM,
    ...cold,
    ...dry,
  };
}

/**
 * Judges whether the room is too warm. `celsius`: sensor in the room. `caseCelsius`: sensor in the case of the UPS, which is never colder
 * than the room. Null means no sensor.
 * Guarantee: a case temperature may prove that the room is not too warm, but never that the room is too warm.
 */
export function judgeRoom(
  { roomCelsius }: ClimateLimits,
  { celsius, caseCelsius }: Record<'celsius' | 'caseCelsius', number | null>,
): Verdict | undefined {
  if (celsius !== null) return celsius > roomCelsius ? fault('climate.room_hot') : ok;
  if (caseCelsius === null) return undefined;
  return caseCelsius <= roomCelsius ? ok : unknown('only the inside of the UPS is measured');
}

/** Judges whether the air is too dry, by its relative humidity from 0 to 1; undefined without a sensor. */
export function judgeAir({ dryRatio, veryDryRatio }: ClimateLimits, humidityRatio: number | null): Verdict | undefined {
  if (humidityRatio === null) return undefined;
  if (humidityRatio >= dryRatio) return ok;
  return fault('climate.dry_air', humidityRatio < veryDryRatio ? 'drier than 10 %' : null);
}

/** Judges cold. `startedFrozen`: the PC was switched on below 0 °C and has not been warm since. */
export function judgeCold({ coldCelsius }: ClimateLimits, coldest: number, startedFrozen: boolean): Verdict {
  if (startedFrozen) return fault('climate.cold_start');
  return coldest < coldCelsius ? fault('climate.cold') : ok;
}

export type Cell = { isCharging: boolean; celsius: number | null };

/** Returns a fault if any battery charges below 0 °C. A battery without a sensor is assumed to have the temperature of the room. */
export function judgeCharging({ frostCelsius }: ClimateLimits, cells: readonly Cell[], room: number | null): Verdict | undefined {
  const known = cells
    .map(({ isCharging, celsius }) => ({ isCharging, celsius: celsius ?? room }))
    .filter(({ celsius }) => celsius !== null);
  if (known.length === 0) return undefined;
  return known.some(({ isCharging, celsius }) => isCharging && (celsius ?? 0) < frostCelsius) ? fault('climate.charge_cold') : ok;
}

/** Judges whether a device may run at this elevation. `maxAltitudeM` is undefined if the catalogue does not list the device. */
export function judgeDevice({ elevationM }: ClimateLimits, maxAltitudeM: number | undefined): Verdict | undefined {
  if (maxAltitudeM === undefined || elevationM <= maxAltitudeM) return undefined;
  return fault('climate.device_altitude', `made for at most ${maxAltitudeM} m`);
}

/**
 * Maximum operating altitude of PCs, displays, cameras and sound devices, as stated by their makers. A row without a source is an estimate.
 */

const altitudeCatalogue = [
  {
    match: /^Dell Inc\.? OptiPlex\b/i,
    maxAltitudeM: 3_048,
    source: 'Dell, OptiPlex N User’s Guide, "Altitude": each system is rated for -16 to 3,048 m (at 35 °C up to 914 m)',
  },
  { match: /^Apple Inc\. iMac7,1$/, maxAltitudeM: 3_048, source: 'iMac of 2007: 10,000 feet by Apple, as quoted on blog.birdhouse.org' },
];

/** Returns the maximum operating altitude of a device in metres; undefined if the catalogue does not list it. */
export function maxAltitudeOf(name: string): number | undefined {
  return altitudeCatalogue.find(({ match }) => match.test(name))?.maxAltitudeM;
}
