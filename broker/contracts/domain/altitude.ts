/**
 * What thin air does to a PC, by the elevation of its site alone: the weather moves all of it by a few per cent, a site table knows the elevation.
 * International Standard Atmosphere (ISO 2533, below 11 km): T = T0 - L h, p = p0 (T / T0) ^ (g / R L), density = p / (R T).
 */

/** At sea level: kelvin, pascal; the lapse rate in kelvin a metre, the gas constant of dry air, and g / (R L). */
const isa = { kelvin: 288.15, pascal: 101_325, lapse: 0.0065, gas: 287.052_87, exponent: 5.255_877 };

/** The air outdoors on a standard day: temperature (°C), pressure (Pa), density (kg/m³), and density with sea level = 1 (sigma). */
export function airAt(elevationM: number) {
  const kelvin = isa.kelvin - isa.lapse * elevationM;
  const pascal = isa.pascal * (kelvin / isa.kelvin) ** isa.exponent;
  const density = pascal / (isa.gas * kelvin);
  return { celsius: kelvin - 273.15, pascal, density, ratio: density / (isa.pascal / (isa.gas * isa.kelvin)) };
}

/** What a PC is rated for where nobody says otherwise: the upper end of its data sheet (Dell, Quanmax). */
export const ratedRoomCelsius = 35;

const derating = { fromM: 900, metresPerCelsius: 300 };

/**
 * By how much the allowed room temperature sinks: 1 °C for each 300 m above 900 m. Sources: Dell's manuals (35 °C up to 914 m); the slope is
 * that of ASHRAE TC 9.9, classes A1 and A2, as others quote it.
 */
export function deratingCelsius(elevationM: number): number {
  return Math.max(0, (elevationM - derating.fromM) / derating.metresPerCelsius);
}

/** The warmest room that a PC bears at an elevation. */
export function roomLimitCelsius(elevationM: number, ratedCelsius: number = ratedRoomCelsius): number {
  return ratedCelsius - deratingCelsius(elevationM);
}

/**
 * How many times as far as at sea level a PC rises above its room for the same heat: a fan that turns as fast moves that much less air.
 * 1 / sigma allows for the cold outdoors of the standard day.
 */
export function riseFactor(elevationM: number): number {
  return 1 / airAt(elevationM).ratio;
}

/** The head of a hard disk floats on air: above this most makers promise nothing (10,000 ft). */
export const hardDiskLimitM = 3_048;
