/** What the room card says: whether the room is ready, and the one thing to fix. */
import {
  bySeverity,
  type Check,
  type Config,
  faultIds,
  faultOf,
  isLanguage,
  type Language,
  languages,
  meetingComponents,
  oneLine,
  type Profile,
  readinessOf,
  reasonIn,
  type Words,
} from '@sabha/contracts';
import { subjectOf } from '../../maintain/self-test/words.ts';

/** What is known of the room. */
export type Known = { pc: string; checks: readonly Check[]; profile: Profile; place: Config['place'] };

/** What stands on the card; nothing that changes by itself. */
export type Statement = ReturnType<typeof statementOf>;

/** More than this of a device's name helps nobody. */
const aboutLength = 160;
const catalogue: readonly string[] = faultIds;

/**
 * The statement about what is known. Of several faults it names the gravest whose cause is not named itself, of equal ones the first of the catalogue.
 * Guarantee: what is not known is not ready.
 */
export function statementOf({ pc, checks, profile, place }: Known) {
  const { readiness } = readinessOf({ presence: 'online', checks });
  const fault = worstOf(checks);
  // A small fault is not what is to be known of a room of which nobody can say that it is ready.
  const needed = checks.find(({ component, status }) => meetingComponents.includes(component) && status === 'unknown');
  const unknown = readiness === 'unknown' ? (needed ?? nothingKnown) : undefined;
  const reason = (language: Language) => (unknown?.reason ? oneLine(reasonIn(unknown.reason, language), aboutLength) : '');
  const known = (profile.languages ?? []).filter(isLanguage);
  const [state = '', site = ''] = pc.split('/');
  return {
    pc,
    /** The first is that of the page. */
    languages: known.length === 0 ? languages : [...new Set(known)],
    site: place?.site ?? inAll(() => `${state}/${site}`),
    room: place?.room ?? inAll(() => pc),
    readiness,
    fault: unknown === undefined ? (fault?.fault ?? null) : null,
    /** The one thing to fix or to know, what to do first, and what it is about; null where all is well. */
    thing: unknown === undefined ? thingOf(fault) : { title: aboutOf(unknown), action: phrases.waitFirst, about: inAll(reason) },
    help: profile.help ?? null,
  };
}

const nothingKnown: Check = { component: 'pc', device: '', status: 'unknown', fault: null, reason: 'no checks' };

function worstOf(checks: readonly Check[]): Check | undefined {
  const standing = checks.filter(({ status }) => status === 'fault');
  const ids = new Set(standing.map(({ fault }) => fault ?? ''));
  const roots = standing.filter(({ fault }) => !faultOf(fault ?? '')?.parents.some((parent) => ids.has(parent)));
  return roots.sort((a, b) => bySeverity(severityOf(a), severityOf(b)) || rankOf(a) - rankOf(b))[0];
}

/** As `readinessOf` takes one that this version does not know. */
function severityOf({ fault }: Check) {
  return faultOf(fault ?? '')?.severity ?? 'major';
}

function rankOf({ fault }: Check): number {
  return catalogue.indexOf(fault ?? '');
}

function thingOf(check: Check | undefined): Record<'title' | 'action' | 'about', Words> | null {
  if (check === undefined) return null;
  const row = faultOf(check.fault ?? '');
  const title = row?.title ?? inAll(() => check.fault ?? '');
  return { title, action: row?.action ?? phrases.waitFirst, about: aboutOf(check) };
}

function aboutOf(check: Check): Words {
  return inAll((language) => oneLine(subjectOf(check, language), aboutLength));
}

function inAll(text: (language: Language) => string): Words {
  return { en: text('en'), hi: text('hi') };
}

/** Its own texts by key. */
export const phrases = {
  pageIsOld: {
    en: 'This page is old: the agent of this PC does not renew it.',
    hi: 'यह पेज पुराना है: इस PC का एजेंट इसे नया नहीं कर रहा।',
  },
  restartFirst: { en: 'Nobody knows how the room is now. Restart the PC.', hi: 'कमरा अभी कैसा है, पता नहीं। PC रीस्टार्ट करें।' },
  waitFirst: { en: 'Wait a minute. If this stays, restart the PC.', hi: 'एक मिनट रुकें। फिर भी ऐसा रहे तो PC रीस्टार्ट करें।' },
  asOf: { en: 'As of', hi: 'समय' },
  scan: { en: 'For help, scan this with a phone, or write to', hi: 'मदद के लिए इसे फ़ोन से स्कैन करें, या यहाँ लिखें' },
  neverLeaves: { en: 'What never leaves this PC', hi: 'इस PC से कभी बाहर नहीं जाता' },
  nothingPersonal: {
    en: 'No sound, no picture, no names of persons or meetings. The centre hears whether things work, what the devices are called, and figures of PC and line.',
    hi: 'न आवाज़, न तस्वीर, न लोगों या मीटिंग के नाम। सेंटर को पता चलता है कि क्या काम कर रहा है, डिवाइस के नाम, और PC और लाइन के आँकड़े।',
  },
} as const satisfies Record<string, Words>;
