/** What the running agent last measured of the link, for a person beside the PC. */
import * as v from 'valibot';
import { type Language, type LinkDirection, type LinkReport, linkReport, type Tier, type TierLimit, type Words } from '#contracts';

const mbit = 1_000_000;

/** A line for each thing that is known; nothing where nothing was measured. `at` and `now` by the PC's own clock. */
export function linkLines({ at, quality, capacity }: LinkReport, now: number, language: Language): string[] {
  const say = (words: Words) => words[language];
  const pair = (up: string, down: string) => `${say(text.up)} ${up}, ${say(text.down)} ${down}`;
  const rate = (bps: number | null) => (bps === null ? say(text.unknown) : `${Number((bps / mbit).toPrecision(3))} Mbit/s`);
  const lines = [
    ...(quality === undefined
      ? []
      : [
          `${say(text.carries)}: ${pair(tierText(quality.up, language), tierText(quality.down, language))}`,
          `${say(text.roundTrip)}: ${Math.round(quality.roundTripMs.median)} ms`,
          `${say(text.loss)}: ${pair(percent(quality.up.loss), percent(quality.down.loss))}`,
          `${say(text.jitter)}: ${pair(`${Math.round(quality.up.jitterMs)} ms`, `${Math.round(quality.down.jitterMs)} ms`)}`,
          `${say(text.sound)}: MOS ${quality.mos.toFixed(1)}, R ${Math.round(quality.r)}${quality.rAdjusted === undefined ? '' : ` (${say(text.adjusted)} ${Math.round(quality.rAdjusted)})`}`,
        ]),
    ...(capacity === undefined
      ? []
      : [
          `${say(text.capacity)}: ${pair(rate(capacity.upBps), rate(capacity.downBps))}${capacity.how === 'tcp' ? ` (${say(text.byTcp)})` : ''}`,
        ]),
  ];
  if (lines.length === 0) return [];
  const minutes = Math.max(0, Math.round((now - at) / 60_000));
  return [say(text.title).replace('{}', `${minutes}`), ...lines.map((line) => `  ${line}`)];
}

/** Undefined where there is none, or it cannot be read. */
export function readReport(text: string | undefined): LinkReport | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), linkReport), text);
  return read.success ? read.output : undefined;
}

function tierText({ tier, limit }: LinkDirection, language: Language): string {
  const what = tier === undefined ? text.unknown : tierWords[tier ?? 'none'];
  return limit === undefined || limit === null ? what[language] : `${what[language]} (${limitWords[limit][language]})`;
}

function percent(ratio: number): string {
  return `${Number((100 * ratio).toFixed(1))} %`;
}

const text = {
  title: { en: 'Link, as measured {} min ago', hi: 'लाइन, {} मिनट पहले की जाँच से' },
  up: { en: 'up', hi: 'जाते' },
  down: { en: 'down', hi: 'आते' },
  unknown: { en: 'not known', hi: 'पता नहीं' },
  carries: { en: 'Good for', hi: 'कितना चलेगा' },
  roundTrip: { en: 'Round trip', hi: 'जवाब का समय' },
  loss: { en: 'Lost', hi: 'खोया हुआ डेटा' },
  jitter: { en: 'Unevenness', hi: 'ऊँच-नीच' },
  sound: { en: 'Sound', hi: 'आवाज़' },
  adjusted: { en: 'for a satellite', hi: 'सैटेलाइट के हिसाब से' },
  capacity: { en: 'Capacity', hi: 'क्षमता' },
  byTcp: { en: 'at least, by TCP', hi: 'कम से कम, TCP से' },
} as const satisfies Record<string, Words>;

const tierWords: Record<Tier | 'none', Words> = {
  none: { en: 'not even audio', hi: 'आवाज़ भी नहीं' },
  audio: { en: 'audio', hi: 'आवाज़' },
  sd: { en: 'SD video', hi: 'SD वीडियो' },
  hd: { en: 'HD video', hi: 'HD वीडियो' },
  fhd: { en: 'full HD video', hi: 'फ़ुल HD वीडियो' },
};

const limitWords: Record<TierLimit, Words> = {
  capacity: { en: 'no more for want of capacity', hi: 'क्षमता कम होने से और नहीं' },
  loss: { en: 'no more for its loss', hi: 'डेटा खोने से और नहीं' },
  jitter: { en: 'no more for its unevenness', hi: 'एक-सा न चलने से और नहीं' },
  delay: { en: 'no more for its delay', hi: 'देर से जवाब आने से और नहीं' },
  'udp-blocked': { en: 'UDP does not get through', hi: 'UDP नहीं पहुँच रहा' },
  unknown: { en: 'the capacity is not known', hi: 'क्षमता पता नहीं' },
};
