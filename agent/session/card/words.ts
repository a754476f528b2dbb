/** The words of the room card's own; verdicts, faults and what to do stand in the contracts. */
import type { Words } from '#contracts';

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
