/** Describes the last link measurement of the running agent for a person at the PC. */
import { fillIn, type Language, type LinkDirection, type LinkReport, vocabulary, type Words } from '@sabha/contracts';

const mbit = 1_000_000;

/** Returns a line for each known value; no lines without measurements. `at` and `now` are times of the PC's own clock. */
export function linkLines({ at, quality, capacity }: LinkReport, now: number, language: Language): string[] {
  const say = (words: Words) => words[language];
  const { measure } = vocabulary[language];
  const pair = (up: string, down: string) => fillIn(measure.upDown, { up, down });
  const lines = [
    ...(quality === undefined
      ? []
      : [
          `${say(text.carries)}: ${pair(tierText(quality.up, language), tierText(quality.down, language))}`,
          `${measure.roundTrip}: ${Math.round(quality.roundTripMs.median)} ms`,
          `${measure.loss}: ${pair(percent(quality.up.loss), percent(quality.down.loss))}`,
          `${measure.jitter}: ${pair(`${Math.round(quality.up.jitterMs)} ms`, `${Math.round(quality.down.jitterMs)} ms`)}`,
          `${measure.sound}: MOS ${quality.mos.toFixed(1)}, R ${Math.round(quality.r)}${quality.rAdjusted === undefined ? '' : ` (${say(text.adjusted)} ${Math.round(quality.rAdjusted)})`}`,
        ]),
    ...(capacity === undefined ? [] : capacityLines(capacity, language)),
  ];
  if (lines.length === 0) return [];
  const minutes = Math.max(0, Math.round((now - at) / 60_000));
  return [say(text.title).replace('{}', `${minutes}`), ...lines.map((line) => `  ${line}`)];
}

function capacityLines(capacity: NonNullable<LinkReport['capacity']>, language: Language): string[] {
  const { how, upBps, downBps, burst, seenBytes, free, atLeast } = capacity;
  const { measure, status } = vocabulary[language];
  const rate = (bps: number | null) => (bps === null ? status.unknown : `${Number((bps / mbit).toPrecision(3))} Mbit/s`);
  const pair = (up: string, down: string) => fillIn(measure.upDown, { up, down });
  const both = (bps: number | null, way: 'up' | 'down') => {
    const [lent, seen, least] = [burst?.[way], seenBytes?.[way], way === 'up' ? atLeast?.upBps : atLeast?.downBps];
    if (bps === null) return typeof least === 'number' ? fillIn(measure.least, { rate: rate(least) }) : rate(bps);
    if (lent) return fillIn(measure.burst, { rate: rate(bps), peak: rate(lent.bps), kB: `${Math.round(lent.bytes / 1_000)}` });
    return typeof seen === 'number' ? fillIn(measure.seen, { rate: rate(bps), MB: (seen / mbit).toFixed(1) }) : rate(bps);
  };
  const isLess = free !== undefined && (free.upBps !== upBps || free.downBps !== downBps);
  return [
    `${measure.capacity}: ${pair(both(upBps, 'up'), both(downBps, 'down'))}${how === 'tcp' ? ` (${measure.overTcp})` : ''}`,
    ...(isLess ? [`${measure.free}: ${pair(rate(free.upBps), rate(free.downBps))}`] : []),
  ];
}

function tierText({ tier, limit }: LinkDirection, language: Language): string {
  const words = vocabulary[language];
  const what = tier === undefined ? words.status.unknown : words.tier[tier ?? 'none'];
  return limit === undefined || limit === null ? what : `${what} (${words.limit[limit]})`;
}

function percent(ratio: number): string {
  return `${Number((100 * ratio).toFixed(1))} %`;
}

const text = {
  title: { en: 'Link, as measured {} min ago', hi: 'लाइन, {} मिनट पहले की जाँच से' },
  carries: { en: 'Good for', hi: 'कितना चलेगा' },
  adjusted: { en: 'for a satellite', hi: 'सैटेलाइट के हिसाब से' },
} as const satisfies Record<string, Words>;
