/** Every text of the wall in English and Hindi. Titles and actions of faults are not here: the centre serves them from the catalogue. */

const en = {
  asOf: 'as of {time}',
  live: 'Live',
  connecting: 'Connecting…',
  connectionLost: 'Connection lost',
  deaf: 'Centre hears nobody',
  lostBanner: 'Connection to the centre lost. Everything is unknown since {time}.',
  lostHint: 'The page keeps trying by itself.',
  deafBanner: 'The centre itself is cut off from the PCs. Everything is unknown since {time}.',
  deafHint: 'The central team has to look at the broker.',
  waitBanner: 'Waiting for the first word of the centre…',
  broken: 'This page failed: nothing is known. It starts again in 10 seconds.',
  toDark: 'Dark',
  toLight: 'Light',
  you: 'You: {name}',
  noName: 'Your name',
  tally: 'Rooms at a glance',
  ok: 'Ready (not proven)',
  fault: 'Needs somebody',
  unknown: 'Unknown',
  rooms: 'Rooms',
  noRooms: 'No room is known yet.',
  needsSomebody: 'Needs somebody now',
  neededSomebody: 'Needed somebody, when last known',
  nobodyNeeded: 'Nothing needs anybody.',
  notKnown: 'Not known at the moment.',
  over: 'Over in the last 24 hours',
  heard: 'heard {age} ago',
  neverHeard: 'never heard',
  agent: 'agent {version}',
  forAge: 'for {age}',
  'presence.stopped': 'Agent was stopped',
  'presence.lost': 'Connection just broke',
  'presence.silent': 'Does not answer',
  'presence.never': 'Never heard',
  noChecks: 'No report yet.',
  works: '{what}: works',
  unknownSince: 'Unknown since {time}',
  cannotTell: '{what}: unknown',
  lastAnswer: 'last answer: {answer}',
  'answer.ok': 'works',
  'answer.unknown': 'unknown',
  'component.microphone': 'Microphone',
  'component.camera': 'Camera',
  'component.pc': 'PC',
  'component.pc.processor': 'Processor',
  'component.pc.memory': 'Memory',
  'component.pc.disk': 'Disk',
  'component.pc.temperature': 'Temperature',
  'component.clock': 'Clock',
  'component.agent': 'Agent',
  'component.agent.checks': 'Checks of the agent',
  'component.agent.history': 'Record of the agent',
  'severity.critical': 'Critical',
  'severity.major': 'Major',
  'severity.minor': 'Minor',
  'severity.info': 'Info',
  doFirst: 'Do first',
  also: 'Also: {title}',
  told: '{person} was told by {channel}, {time}',
  nobodyTold: 'Nobody told yet.',
  acknowledgedBy: '{name} is on it, since {time}',
  flapping: 'Comes and goes: it was back several times in a short time.',
  frozen: 'Not seen since {time}: this alert waits until the PC answers.',
  acknowledge: 'I am on it',
  addNote: 'Add note',
  noteLabel: 'Note for incident {id}',
  notePlaceholder: 'What was found, what was done',
  history: 'History',
  notes: 'Notes',
  notSaved: 'Not saved: {why}',
  noAnswer: 'the centre does not answer',
  'kind.raised': 'Raised',
  'kind.worsened': 'Got worse',
  'kind.eased': 'Eased',
  'kind.cleared': 'Cleared',
  'kind.closed': 'Closed',
  'channel.email': 'e-mail',
  'channel.console': 'console',
  clearedAt: 'cleared {time}',
  closedAt: 'closed {time}: {why}',
  lasted: 'lasted {age}',
  nameTitle: 'Who are you?',
  nameWhy: 'Your name stands beside what you do here. This browser remembers it.',
  nameLabel: 'Name',
  save: 'Save',
  cancel: 'Cancel',
  newIncident: 'New: {title}, {room}',
  incidentOver: 'Over: {title}, {room}',
  centre: 'Centre',
  seconds: '{n} s',
  minutes: '{n} min',
  hours: '{n} h',
  days: '{n} d',
};

/** @typedef {keyof typeof en} Key */

/** @type {Record<Key, string>} */
const hi = {
  asOf: '{time} तक की जानकारी',
  live: 'लाइव',
  connecting: 'कनेक्ट हो रहा है…',
  connectionLost: 'कनेक्शन टूट गया',
  deaf: 'सेंटर को कोई PC नहीं मिल रहा',
  lostBanner: 'सेंटर से कनेक्शन टूट गया है। {time} से कुछ भी पक्का पता नहीं।',
  lostHint: 'पेज अपने आप फिर से कोशिश कर रहा है।',
  deafBanner: 'सेंटर का PC से संपर्क टूटा है। {time} से कुछ भी पक्का पता नहीं।',
  deafHint: 'सेंट्रल टीम ब्रोकर देखे।',
  waitBanner: 'सेंटर से पहली जानकारी का इंतज़ार है…',
  broken: 'यह पेज बंद पड़ गया: अभी कुछ पता नहीं। 10 सेकंड में अपने आप दोबारा खुलेगा।',
  toDark: 'डार्क',
  toLight: 'लाइट',
  you: 'आप: {name}',
  noName: 'आपका नाम',
  tally: 'सारे रूम एक नज़र में',
  ok: 'तैयार (जाँच बाकी)',
  fault: 'ध्यान चाहिए',
  unknown: 'पता नहीं',
  rooms: 'रूम',
  noRooms: 'अभी किसी रूम की जानकारी नहीं है।',
  needsSomebody: 'अभी ध्यान चाहिए',
  neededSomebody: 'पिछली जानकारी में ध्यान चाहिए था',
  nobodyNeeded: 'सब ठीक है, किसी की ज़रूरत नहीं।',
  notKnown: 'अभी पता नहीं।',
  over: 'पिछले 24 घंटे में ख़त्म हुए',
  heard: '{age} पहले संपर्क हुआ',
  neverHeard: 'कभी संपर्क नहीं हुआ',
  agent: 'एजेंट {version}',
  forAge: '{age} से',
  'presence.stopped': 'एजेंट बंद किया गया है',
  'presence.lost': 'कनेक्शन अभी टूटा है',
  'presence.silent': 'जवाब नहीं आ रहा',
  'presence.never': 'कभी संपर्क नहीं हुआ',
  noChecks: 'अभी कोई रिपोर्ट नहीं आई।',
  works: '{what}: ठीक है',
  unknownSince: '{time} से पता नहीं',
  cannotTell: '{what}: पता नहीं',
  lastAnswer: 'पिछला जवाब: {answer}',
  'answer.ok': 'ठीक था',
  'answer.unknown': 'पता नहीं',
  'component.microphone': 'माइक',
  'component.camera': 'कैमरा',
  'component.pc': 'कंप्यूटर',
  'component.pc.processor': 'प्रोसेसर',
  'component.pc.memory': 'मेमोरी',
  'component.pc.disk': 'डिस्क',
  'component.pc.temperature': 'तापमान',
  'component.clock': 'घड़ी',
  'component.agent': 'एजेंट',
  'component.agent.checks': 'एजेंट की जाँचें',
  'component.agent.history': 'एजेंट का रिकॉर्ड',
  'severity.critical': 'बहुत गंभीर',
  'severity.major': 'गंभीर',
  'severity.minor': 'मामूली',
  'severity.info': 'सूचना',
  doFirst: 'पहले यह करें',
  also: 'साथ में: {title}',
  told: '{person} को {channel} से बताया गया, {time}',
  nobodyTold: 'अभी किसी को नहीं बताया गया।',
  acknowledgedBy: '{name} देख रहे हैं, {time} से',
  flapping: 'बार-बार आ-जा रहा है: थोड़ी देर में कई बार लौटा।',
  frozen: '{time} से दिखा नहीं: PC का जवाब आने तक यह अलर्ट रुका है।',
  acknowledge: 'मैंने देख लिया',
  addNote: 'नोट जोड़ें',
  noteLabel: 'अलर्ट {id} के लिए नोट',
  notePlaceholder: 'क्या मिला, क्या किया',
  history: 'पूरा रिकॉर्ड',
  notes: 'नोट',
  notSaved: 'सेव नहीं हुआ: {why}',
  noAnswer: 'सेंटर से जवाब नहीं आ रहा',
  'kind.raised': 'शुरू हुआ',
  'kind.worsened': 'और बिगड़ा',
  'kind.eased': 'कुछ ठीक हुआ',
  'kind.cleared': 'ठीक हुआ',
  'kind.closed': 'बंद किया गया',
  'channel.email': 'ई-मेल',
  'channel.console': 'कंसोल',
  clearedAt: '{time} पर ठीक हुआ',
  closedAt: '{time} पर बंद हुआ: {why}',
  lasted: '{age} चला',
  nameTitle: 'आपका नाम क्या है?',
  nameWhy: 'आप यहाँ जो करते हैं उसके साथ आपका नाम दिखेगा। यह ब्राउज़र नाम याद रखेगा।',
  nameLabel: 'नाम',
  save: 'सेव करें',
  cancel: 'रहने दें',
  newIncident: 'नया: {title}, {room}',
  incidentOver: 'ख़त्म हुआ: {title}, {room}',
  centre: 'सेंटर',
  seconds: '{n} सेकंड',
  minutes: '{n} मिनट',
  hours: '{n} घंटे',
  days: '{n} दिन',
};

/** @import { Language, Words } from '#contracts' */

/** @type {Record<Language, Record<Key, string>>} */
export const words = { en, hi };

/**
 * A text of the wall with its blanks filled.
 * @param {Language} lang
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function say(lang, key, values = {}) {
  return words[lang][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/**
 * A text whose key comes from outside (a component, a channel): the word itself where we have none for it.
 * @param {Language} lang
 * @param {string} group
 * @param {string} word
 */
export function sayWord(lang, group, word) {
  const key = `${group}.${word}`;
  return Object.hasOwn(words[lang], key) ? words[lang][/** @type {Key} */ (key)] : shown(word);
}

/**
 * A name in the reader's language.
 * @param {Language} lang
 * @param {Words} name
 */
export function nameIn(lang, name) {
  return shown(name[lang] || name.en);
}

/**
 * Foreign text, made fit to show: one line, no characters that turn the writing direction, at most 120 characters.
 * @param {string} text
 */
export function shown(text) {
  const clean = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
  const letters = Array.from(clean.slice(0, 400));
  return letters.length > 120 ? `${letters.slice(0, 119).join('')}…` : letters.join('');
}
