/** The words of the installation's own. */
import type { Words } from '#contracts';

/** Its own texts by key; a step is called by its name. */
export const phrases = {
  stop: { en: 'Agent stopped', hi: 'एजेंट रोका गया' },
  program: { en: 'Program of the agent', hi: 'एजेंट का प्रोग्राम' },
  data: { en: 'Data', hi: 'डेटा' },
  enrolment: { en: 'Enrolment', hi: 'पंजीकरण' },
  tasks: { en: 'Tasks', hi: 'टास्क' },
  menu: { en: 'Start menu', hi: 'Start मेन्यू' },
  start: { en: 'Start', hi: 'शुरू' },
  taken: { en: 'Taken back', hi: 'वापस लिया गया' },
  notTaken: { en: 'Could not be taken back', hi: 'वापस नहीं लिया जा सका' },
  notEnrolled: {
    en: 'not done; install again with the code of the office',
    hi: 'नहीं हुआ; ऑफ़िस के कोड के साथ फिर इंस्टॉल करें',
  },
  already: { en: 'done before', hi: 'पहले से है' },
  later: { en: 'it starts by itself in a minute', hi: 'एक मिनट में अपने-आप शुरू होगा' },
  closedToOthers: { en: 'closed to others', hi: 'दूसरों के लिए बंद' },
  gone: { en: 'removed', hi: 'हटाया गया' },
  stays: { en: 'stays', hi: 'रहता है' },
  room: { en: 'This room (Sabha)', hi: 'यह कमरा (सभा)' },
  nothing: { en: 'Nothing is installed here', hi: 'यहाँ कुछ इंस्टॉल नहीं है' },
  askCode: { en: 'Code of the office (Enter: without):', hi: 'ऑफ़िस का कोड (बिना कोड: Enter):' },
} as const satisfies Record<string, Words>;
