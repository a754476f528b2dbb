/** What of an enrolment that failed is said to whoever sits at the PC: by what he typed, and what he can do about it. */
import { filled, type Language, type Words } from '#contracts';
import type { Cause, Failed } from './identity.ts';
import { type KnownCentre, typedOf } from './known-centre.ts';
import { addressOf, type Place, placeOf } from './place.ts';

/** What was tried, in which language it is told, and what time it is by the clock of this PC. */
export type Tried = { code: string; centre: Place; known: KnownCentre | undefined; language: Language; now: number };

/** To somebody who typed no name: it came with the package. */
const ofPackage: Partial<Record<Cause, Words>> = {
  name: {
    en: 'The name of the centre, {host}, is not known in this network: call the administrator.',
    hi: 'सेंटर का नाम {host} इस नेटवर्क में नहीं मिला: एडमिन को बताएँ।',
  },
  silence: {
    en: 'The centre, {at}, does not answer: if that lasts, call the administrator.',
    hi: 'सेंटर {at} जवाब नहीं दे रहा: ऐसा ही रहे तो एडमिन को बताएँ।',
  },
  pin: {
    en: 'What answers at {at} is not the centre of this package: call the administrator.',
    hi: '{at} पर इस पैकेज का सेंटर नहीं है: एडमिन को बताएँ।',
  },
};
const clock: Words = {
  en: 'The clock of this PC shows {time}. Set date and time (settings, or: timedatectl).',
  hi: 'इस PC की घड़ी में {time} है। तारीख़ और समय ठीक करें (सेटिंग्स, या: timedatectl)।',
};

/** Half a code was typed: what it lacks came with the package. */
const isHalf = ({ code, known }: Tried) => typedOf(code, known) !== code;

/** One line; as the program says it where nothing better is known. */
export function lineOfFailure({ line, cause }: Failed, tried: Tried): string {
  const { centre, language } = tried;
  const words = cause === 'clock' ? clock : cause !== undefined && isOfPackage(tried) ? ofPackage[cause] : undefined;
  if (words === undefined || (cause === 'pin' && !isHalf(tried))) return line;
  const at = addressOf(centre).slice('https://'.length);
  return filled(words[language], { host: centre.host, at, time: timeOf(tried) });
}

/** True where the name of the centre came with the package. */
export function isOfPackage({ centre, known }: Pick<Tried, 'centre' | 'known'>): boolean {
  const own = known && placeOf(known.centre);
  return own !== undefined && addressOf(own) === addressOf(centre);
}

/** True where the code itself is to be looked at: the centre refused it, or knows not the half of it that was typed. */
export function isOfCode({ cause }: Failed, tried: Tried): boolean {
  return cause === 'code' || (cause === 'pin' && !isHalf(tried));
}

function timeOf({ language, now }: Tried): string {
  const format = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(language === 'hi' ? 'hi-IN' : 'en-GB', format).format(now);
}
