/** Content of the room card: whether the room is ready, and the one thing to fix. */
import {
  bySeverity,
  type Check,
  type Config,
  coreReasonText,
  faultIds,
  faultOf,
  isLanguage,
  type Language,
  languages,
  meetingComponents,
  oneLine,
  type Profile,
  readinessOf,
  type Words,
} from '@sabha/contracts';
import { subjectOf } from '../../maintain/self-test/words.ts';

/** `docs` is the address of the pages for users on the server; without HTTPS there is none. */
export type RoomFacts = { pc: string; checks: readonly Check[]; profile: Profile; place: Config['place']; docs?: string | undefined };

/** Content of a card. It contains no time, so two equal statements show that nothing changed. */
export type Statement = ReturnType<typeof statementOf>;

/** Longest device name and reason on the card, in characters. */
const aboutLength = 160;
const catalogue: readonly string[] = faultIds;

/**
 * Returns the statement for these facts. It names one fault: not one that another fault caused, then the highest severity, then the order
 * of the catalogue.
 * Guarantee: an unknown result is never ready.
 */
export function statementOf({ pc, checks, profile, place, docs }: RoomFacts) {
  const { readiness } = readinessOf({ presence: 'online', checks });
  const fault = worstFault(checks);
  // If the readiness is unknown, the card names the unknown part instead of a minor fault.
  const needed = checks.find(({ component, status }) => meetingComponents.includes(component) && status === 'unknown');
  const unknown = readiness === 'unknown' ? (needed ?? nothingKnown) : undefined;
  const reason = (language: Language) => (unknown?.reason ? oneLine(coreReasonText(unknown.reason, language), aboutLength) : '');
  const known = (profile.languages ?? []).filter(isLanguage);
  const [state = '', site = ''] = pc.split('/');
  return {
    pc,
    /** Languages of the card. The first one is the language of the HTML page. */
    languages: known.length === 0 ? languages : [...new Set(known)],
    site: place?.site ?? translated(() => `${state}/${site}`),
    room: place?.room ?? translated(() => pc),
    readiness,
    fault: unknown === undefined ? (fault?.fault ?? null) : null,
    /** The one thing to fix or to know, its action and its device; null if there is none. */
    mainIssue:
      unknown === undefined ? issueOf(fault) : { title: deviceWords(unknown), action: phrases.waitFirst, about: translated(reason) },
    help: profile.help ?? null,
    docs: docs ?? null,
  };
}

const nothingKnown: Check = { component: 'pc', device: '', status: 'unknown', fault: null, reason: 'no checks' };

function worstFault(checks: readonly Check[]): Check | undefined {
  const standing = checks.filter(({ status }) => status === 'fault');
  const ids = new Set(standing.map(({ fault }) => fault ?? ''));
  const roots = standing.filter(({ fault }) => !faultOf(fault ?? '')?.parents.some((parent) => ids.has(parent)));
  return roots.sort((a, b) => bySeverity(severityOf(a), severityOf(b)) || rankOf(a) - rankOf(b))[0];
}

/** Returns the severity of a fault. A fault that this version does not know has the same severity as in `readinessOf`. */
function severityOf({ fault }: Check) {
  return faultOf(fault ?? '')?.severity ?? 'major';
}

function rankOf({ fault }: Check): number {
  return catalogue.indexOf(fault ?? '');
}

function issueOf(check: Check | undefined): Record<'title' | 'action' | 'about', Words> | null {
  if (check === undefined) return null;
  const row = faultOf(check.fault ?? '');
  const title = row?.title ?? translated(() => check.fault ?? '');
  return { title, action: row?.action ?? phrases.waitFirst, about: deviceWords(check) };
}

function deviceWords(check: Check): Words {
  return translated((language) => oneLine(subjectOf(check, language), aboutLength));
}

function translated(text: (language: Language) => string): Words {
  return { en: text('en'), hi: text('hi') };
}

export const phrases = {
  pageIsOld: {
    en: 'This page is out of date: the agent of this PC no longer updates it.',
    hi: 'यह पेज पुराना है: इस PC का एजेंट इसे अब नया नहीं कर रहा।',
  },
  restartFirst: { en: 'The state of the room is not known. Restart the PC.', hi: 'कमरा अभी कैसा है, पता नहीं। PC रीस्टार्ट करें।' },
  waitFirst: { en: 'Wait a minute. If this stays, restart the PC.', hi: 'एक मिनट रुकें। फिर भी ऐसा रहे तो PC रीस्टार्ट करें।' },
  asOf: { en: 'As of', hi: 'समय' },
  scan: { en: 'For help, scan this with a phone, or write to', hi: 'मदद के लिए इसे फ़ोन से स्कैन करें, या यहाँ लिखें' },
  pages: { en: 'Pages about this system', hi: 'इस सिस्टम के बारे में पेज' },
  neverLeaves: { en: 'Data that leaves this PC', hi: 'इस PC से क्या बाहर जाता है' },
  nothingPersonal: {
    en: 'No sound, no picture, no names of persons or meetings. The server receives what works, the names of the devices, and measured values of PC and line.',
    hi: 'न आवाज़, न तस्वीर, न लोगों या मीटिंग के नाम। सर्वर को सिर्फ़ यह मिलता है: क्या काम कर रहा है, डिवाइस के नाम, और PC और लाइन के आँकड़े।',
  },
} as const satisfies Record<string, Words>;
