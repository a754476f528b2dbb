/** Texts of the self-test. The names of components, faults and statuses are in the contracts. */
import { type Check, type Language, type Words, wordFor } from '@sabha/contracts';

export const phrases = {
  noFault: { en: 'No fault found', hi: 'कोई ख़राबी नहीं मिली' },
  notAllKnown: { en: 'No fault seen, but not everything could be checked', hi: 'कोई ख़राबी नहीं दिखी, पर सब कुछ जाँचा नहीं जा सका' },
  notConfigured: {
    en: 'This PC has not yet received the equipment and the altitude of this room from the server.',
    hi: 'इस PC को सर्वर से अभी पता नहीं चला कि इस कमरे में क्या होना चाहिए और यह कितनी ऊँचाई पर है।',
  },
  faults: { en: 'Faults', hi: 'ख़राबियाँ' },
  data: { en: 'Data this month', hi: 'इस महीने का डेटा' },
  ofTelemetry: { en: 'messages', hi: 'संदेश' },
  ofTests: { en: 'tests of the link', hi: 'लाइन की जाँच' },
  of: { en: 'of', hi: 'में से' },
  way: { en: 'The way to the server', hi: 'सर्वर तक का रास्ता' },
  asking: { en: 'checking', hi: 'जाँच चल रही है' },
  notEnrolled: {
    en: 'this PC is not enrolled ({folder}): the results below are of this PC alone',
    hi: 'यह PC अभी जुड़ा नहीं है ({folder}): नीचे के नतीजे सिर्फ़ इस PC के हैं',
  },
  all: {
    en: 'Every check in a separate line, the link and all limits: check --all',
    hi: 'हर जाँच अलग-अलग, लाइन और सारी सीमाएँ: check --all',
  },
} as const satisfies Record<string, Words>;

/** Returns component and device of a check in words. A device id such as `expected-1` is omitted; an unknown component keeps its id. */
export function subjectOf({ component, device, name }: Pick<Check, 'component' | 'device' | 'name'>, language: Language): string {
  const part = wordFor(language, 'component', `${component}.${device}`);
  const slot = /^expected-\d+$/.test(device) || part !== undefined;
  return [part ?? wordFor(language, 'component', component) ?? component, name ?? (slot ? '' : device)].filter(Boolean).join(', ');
}
