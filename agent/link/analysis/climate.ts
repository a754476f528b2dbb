/** What height, warmth, cold and dry air mean for a PC: pure judgements from what was measured, by the limits of the site's elevation. */
import { airAt, deratingCelsius, hardDiskLimitM, ratedRoomCelsius, riseFactor, roomLimitCelsius } from '@sabha/contracts';
import { fault, ok, unknown, type Verdict } from './verdict.ts';

/** What holds for a PC at one elevation; degrees Celsius, ratios from 0 to 1. */
export type Limits = ReturnType<typeof limitsAt>;

/** Boards and disks are made for 5 to 35 degrees; below 0 moisture freezes on them, and at 10 they are dry again (Quanmax, Dell). */
const cold = { coldCelsius: 5, frostCelsius: 0, thawedCelsius: 10 };
/** Below these sparks jump, and below the second many data sheets end (HP). */
const dry = { dryRatio: 0.2, veryDryRatio: 0.1 };

/** All limits that hold at an elevation: what the checks judge by and what `agent check` prints. */
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
 * Is the room too warm? `celsius`: from a sensor in the room. `caseCelsius`: from inside the case of the UPS, which is never colder than the room.
 * Null where there is no sensor.
 * Guarantee: the temperature inside a case may prove that the room is not too warm, never that it is too warm.
 */
export function judgeRoom(
  { roomCelsius }: Limits,
  { celsius, caseCelsius }: Record<'celsius' | 'caseCelsius', number | null>,
): Verdict | undefined {
  if (celsius !== null) return celsius > roomCelsius ? fault('climate.room_hot') : ok;
  if (caseCelsius === null) return undefined;
  return caseCelsius <= roomCelsius ? ok : unknown('only the inside of the UPS is measured');
}

/** Is the air too dry, by its humidity from 0 to 1; undefined where nothing measures it. */
export function judgeAir({ dryRatio, veryDryRatio }: Limits, humidityRatio: number | null): Verdict | undefined {
  if (humidityRatio === null) return undefined;
  if (humidityRatio >= dryRatio) return ok;
  return fault('climate.dry_air', humidityRatio < veryDryRatio ? 'drier than 10 %' : null);
}

/** `startedFrozen`: it was below freezing when the PC was switched on, and has not been warm since. */
export function judgeCold({ coldCelsius }: Limits, coldest: number, startedFrozen: boolean): Verdict {
  if (startedFrozen) return fault('climate.cold_start');
  return coldest < coldCelsius ? fault('climate.cold') : ok;
}

/** A battery, and how warm it is; null where it has no sensor. */
export type Cell = { isCharging: boolean; celsius: number | null };

/** Of several batteries one that is charged in frost is enough. What has no sensor of its own is as cold as its room, where that is measured. */
export function judgeCharging({ frostCelsius }: Limits, cells: readonly Cell[], room: number | null): Verdict | undefined {
  const known = cells
    .map(({ isCharging, celsius }) => ({ isCharging, celsius: celsius ?? room }))
    .filter(({ celsius }) => celsius !== null);
  if (known.length === 0) return undefined;
  return known.some(({ isCharging, celsius }) => isCharging && (celsius ?? 0) < frostCelsius) ? fault('climate.charge_cold') : ok;
}

/** `maxAltitudeM` by the catalogue; undefined where it does not know the device. */
export function judgeDevice({ elevationM }: Limits, maxAltitudeM: number | undefined): Verdict | undefined {
  if (maxAltitudeM === undefined || elevationM <= maxAltitudeM) return undefined;
  return fault('climate.device_altitude', `made for at most ${maxAltitudeM} m`);
}

/** Up to which height models of PCs, displays, cameras and sound devices are made, as their makers say it. A row without a source is a guess. */

/** The rows that are known, matched on maker and model as the PC tells them. */
const altitudeCatalogue = [
  {
    match: /^Dell Inc\.? OptiPlex\b/i,
    maxAltitudeM: 3_048,
    source: 'Dell, OptiPlex N User’s Guide, "Altitude": each system is rated for -16 to 3,048 m (at 35 °C up to 914 m)',
  },
  { match: /^Apple Inc\. iMac7,1$/, maxAltitudeM: 3_048, source: 'iMac of 2007: 10,000 feet by Apple, as quoted on blog.birdhouse.org' },
];

/** The height up to which a device is made; undefined where the catalogue does not know it. */
export function maxAltitudeOf(name: string): number | undefined {
  return altitudeCatalogue.find(({ match }) => match.test(name))?.maxAltitudeM;
}
