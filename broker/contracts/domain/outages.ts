/** Why a PC is away: the causes that the centre tells apart, and their words. Who decides it: flows/incidents. */
import type { Language, Words } from './faults.ts';

/**
 * `intended` said goodbye; `power-cut`; `link-down`: the site's line; `upstream`: the line of a whole state or provider; `crash` of PC or system;
 * `pc-off`: this PC alone (switched off hard, unplugged, killed); `undetermined`: nobody can know yet.
 */
export const outageCauses = ['intended', 'power-cut', 'link-down', 'upstream', 'crash', 'pc-off', 'undetermined'] as const;
export type OutageCause = (typeof outageCauses)[number];

/** The words of each cause. */
export const outageWords: Record<OutageCause, Words> = {
  intended: { en: 'switched off in order', hi: 'ठीक से बंद किया गया' },
  'power-cut': { en: 'power cut', hi: 'बिजली गई' },
  'link-down': { en: 'link down', hi: 'लाइन बंद' },
  upstream: { en: 'line of the state or provider down', hi: 'राज्य या प्रोवाइडर की लाइन बंद' },
  crash: { en: 'PC crashed', hi: 'PC क्रैश हुआ' },
  'pc-off': { en: 'this PC alone is away', hi: 'सिर्फ़ यह PC बंद है' },
  undetermined: { en: 'site not reachable, cause not known yet', hi: 'साइट तक पहुँच नहीं, वजह अभी पता नहीं' },
};

/** How sure the centre is of a cause: 0 to 1. */
export type Outage = { cause: OutageCause; confidence: number };

/** Confidences from which a cause is said to be sure, or likely. */
export const sureFrom = 0.9;
/** Below it a cause is said to be not sure. */
export const likelyFrom = 0.7;

const sureness = {
  sure: { en: 'sure', hi: 'पक्का' },
  likely: { en: 'likely', hi: 'संभवतः' },
  open: { en: 'not sure', hi: 'पक्का पता नहीं' },
} as const satisfies Record<string, Words>;

/** A cause and how sure it is, in words: `power cut, sure`. */
export function outageText({ cause, confidence }: Outage, language: Language): string {
  const how = confidence >= sureFrom ? sureness.sure : confidence >= likelyFrom ? sureness.likely : sureness.open;
  return cause === 'undetermined' ? outageWords[cause][language] : `${outageWords[cause][language]}, ${how[language]}`;
}
