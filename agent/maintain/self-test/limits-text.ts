/** Explains the climate limits at this elevation and their reasons, for a person who asks "why 26 degrees?". */
import type { Language } from '@sabha/contracts';
import { type ClimateLimits, limitsAt } from '../../link/analysis/climate.ts';
import { tooHigh } from '../../link/analysis/rise.ts';

/** Returns a line for each climate limit at an elevation, computed by the functions that the climate checks use. */
export function limitLines(elevationM: number, language: Language): string[] {
  const limits = limitsAt(elevationM);
  const disk = limits.isTooHighForHardDisks ? say.noHardDisk : say.hardDisk;
  return [say.title, say.air, say.room, say.rise, say.cold, say.charging, say.dryness, disk].map((line, at) => {
    const text = line[language](limits);
    return at === 0 ? text : `  ${text}`;
  });
}

type Line = Record<Language, (limits: ClimateLimits) => string>;

/** Example of the temperature rise of an idle PC at sea level. */
const exampleCelsius = 20;

const say = {
  title: {
    // A site without an elevation in the sites file counts as a site at sea level.
    en: ({ elevationM }) =>
      elevationM === 0 ? 'Limits at sea level: the height of this site is not set, or 0 m' : `Limits at ${metres(elevationM)}`,
    hi: ({ elevationM }) =>
      elevationM === 0 ? 'समुद्र तल पर सीमाएँ: इस साइट की ऊँचाई नहीं दी गई है, या 0 m है' : `${metres(elevationM)} की ऊँचाई पर सीमाएँ`,
  },
  air: {
    en: ({ air }) => `Air: ${air.density.toFixed(3)} kg/m³, ${percent(air.ratio)} of sea level`,
    hi: ({ air }) => `हवा: ${air.density.toFixed(3)} kg/m³, समुद्र तल की ${percent(air.ratio)}`,
  },
  room: {
    en: (limits) => `Room: at most ${degrees(limits.roomCelsius)}${limits.deratingCelsius === 0 ? '' : ` (${whyRoom.en(limits)})`}`,
    hi: (limits) => `कमरा: ज़्यादा से ज़्यादा ${degrees(limits.roomCelsius)}${limits.deratingCelsius === 0 ? '' : ` (${whyRoom.hi(limits)})`}`,
  },
  rise: {
    en: ({ riseFactor }) =>
      `Warmth: ${degrees(exampleCelsius)} above the room at sea level are ${degrees(exampleCelsius * riseFactor)} here; a fault is ${tooHigh.factor} times what is usual for this PC`,
    hi: ({ riseFactor }) =>
      `गर्मी: समुद्र तल पर कमरे से ${degrees(exampleCelsius)} ज़्यादा यहाँ ${degrees(exampleCelsius * riseFactor)} होता है; इस PC के रोज़ से ${tooHigh.factor} गुना हो तो ख़राबी`,
  },
  cold: {
    en: ({ coldCelsius, frostCelsius, thawedCelsius }) =>
      `Cold: below ${degrees(coldCelsius)} is a fault; below ${degrees(frostCelsius)} do not switch the PC on before the room has ${degrees(thawedCelsius)}`,
    hi: ({ coldCelsius, frostCelsius, thawedCelsius }) =>
      `ठंड: ${degrees(coldCelsius)} से कम ख़राबी है; ${degrees(frostCelsius)} से कम हो तो कमरा ${degrees(thawedCelsius)} होने तक PC चालू न करें`,
  },
  charging: {
    en: ({ frostCelsius }) => `Batteries: no charging below ${degrees(frostCelsius)}`,
    hi: ({ frostCelsius }) => `बैटरी: ${degrees(frostCelsius)} से कम पर चार्ज न करें`,
  },
  dryness: {
    en: ({ dryRatio }) => `Humidity: below ${percent(dryRatio)} sparks may jump`,
    hi: ({ dryRatio }) => `नमी: ${percent(dryRatio)} से कम पर चिंगारी लग सकती है`,
  },
  hardDisk: {
    en: ({ hardDiskLimitM }) => `Hard disks: made for up to ${metres(hardDiskLimitM)}, fine here`,
    hi: ({ hardDiskLimitM }) => `हार्ड डिस्क: ${metres(hardDiskLimitM)} तक के लिए बनी है, यहाँ ठीक है`,
  },
  noHardDisk: {
    en: ({ hardDiskLimitM }) => `Hard disks: made for up to ${metres(hardDiskLimitM)} only, use an SSD here`,
    hi: ({ hardDiskLimitM }) => `हार्ड डिस्क: सिर्फ़ ${metres(hardDiskLimitM)} तक के लिए बनी है, यहाँ SSD लगाएँ`,
  },
} as const satisfies Record<string, Line>;

const whyRoom: Line = {
  en: ({ ratedCelsius, deratingCelsius }) => `${degrees(ratedCelsius)} less ${degrees(deratingCelsius)}: 1 °C for each 300 m above 900 m`,
  hi: ({ ratedCelsius, deratingCelsius }) => `${degrees(ratedCelsius)} में से ${degrees(deratingCelsius)} कम: 900 m से ऊपर हर 300 m पर 1 °C`,
};

function degrees(celsius: number): string {
  return `${Number(celsius.toFixed(1))} °C`;
}

function metres(value: number): string {
  return `${Math.round(value).toLocaleString('en-IN')} m`;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
