/**
 * Effects of thin air on a PC, from the elevation of its site alone. The weather changes them only by a few per cent.
 * International Standard Atmosphere (ISO 2533, below 11 km): T = T0 - L h, p = p0 (T / T0) ^ (g / R L), density = p / (R T).
 */

/** Sea level values: kelvin, pascal; lapse rate in kelvin per metre, gas constant of dry air, and g / (R L). */
const isa = { kelvin: 288.15, pascal: 101_325, lapse: 0.0065, gas: 287.052_87, exponent: 5.255_877 };

/**
 * Returns the outdoor air of a standard day: temperature (°C), pressure (Pa), density (kg/m³), and density relative to sea level (sigma).
 */
export function airAt(elevationM: number) {
  const kelvin = isa.kelvin - isa.lapse * elevationM;
  const pascal = isa.pascal * (kelvin / isa.kelvin) ** isa.exponent;
  const density = pascal / (isa.gas * kelvin);
  return { celsius: kelvin - 273.15, pascal, density, ratio: density / (isa.pascal / (isa.gas * isa.kelvin)) };
}

/** Default maximum room temperature of a PC: the upper end of usual data sheets (Dell, Quanmax). */
export const ratedRoomCelsius = 35;

const derating = { fromM: 900, metresPerCelsius: 300 };

/**
 * Returns the reduction of the maximum room temperature: 1 °C for each 300 m above 900 m. Sources: Dell's manuals (35 °C up to 914 m); the
 * slope is that of ASHRAE TC 9.9, classes A1 and A2, as quoted by others.
 */
export function deratingCelsius(elevationM: number): number {
  return Math.max(0, (elevationM - derating.fromM) / derating.metresPerCelsius);
}

export function roomLimitCelsius(elevationM: number, ratedCelsius: number = ratedRoomCelsius): number {
  return ratedCelsius - deratingCelsius(elevationM);
}

/**
 * Returns the temperature rise of a PC over its room, relative to sea level. A fan at equal speed moves less air mass. 1
 * / sigma assumes the cold outdoor air of the standard day.
 */
export function riseFactor(elevationM: number): number {
  return 1 / airAt(elevationM).ratio;
}

/** The head of a hard disk floats on air: above this elevation most makers give no guarantee (10,000 ft). */
export const hardDiskLimitM = 3_048;
