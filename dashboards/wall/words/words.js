/** Every text of the wall's own, English and Hindi side by side. What names a thing of the domain is not here: the centre sends its words. */

/** @import { Language, Vocabulary as CentreWords, Words } from '#contracts' */

const table = {
  asOf: ['as of {time}', '{time} तक की जानकारी'],
  live: ['Live', 'लाइव'],
  connecting: ['Connecting…', 'कनेक्ट हो रहा है…'],
  connectionLost: ['Connection lost', 'कनेक्शन टूट गया'],
  deaf: ['Centre hears nobody', 'सेंटर को कोई PC नहीं मिल रहा'],
  lostBanner: ['Connection to the centre lost. Everything is unknown since {time}.', 'सेंटर से कनेक्शन टूट गया है। {time} से कुछ भी पक्का पता नहीं।'],
  lostHint: ['The page keeps trying by itself.', 'पेज अपने आप फिर से कोशिश कर रहा है।'],
  deafBanner: [
    'The centre itself is cut off from the PCs. Everything is unknown since {time}.',
    'सेंटर का PC से संपर्क टूटा है। {time} से कुछ भी पक्का पता नहीं।',
  ],
  deafHint: ['The central team has to look at the broker.', 'सेंट्रल टीम ब्रोकर देखे।'],
  awayNow: [
    'The centre heard no PC from {from} to {to}. Until each has spoken again or is found silent, some of this is from before.',
    '{from} से {to} तक सेंटर को किसी PC की जानकारी नहीं मिली। हर PC का जवाब आने या चुप मिलने तक कुछ बातें पहले की हो सकती हैं।',
  ],
  awayBanner: [
    'The centre was away from {from} to {to}. Nobody is called silent for that time.',
    'सेंटर {from} से {to} तक बंद था। उस समय के लिए किसी PC को चुप नहीं कहा जाता।',
  ],
  waitBanner: ['Waiting for the first word of the centre…', 'सेंटर से पहली जानकारी का इंतज़ार है…'],
  broken: [
    'This page failed: nothing is known. It starts again in 10 seconds.',
    'यह पेज बंद पड़ गया: अभी कुछ पता नहीं। 10 सेकंड में अपने आप दोबारा खुलेगा।',
  ],
  toDark: ['Dark', 'डार्क'],
  toLight: ['Light', 'लाइट'],
  you: ['You: {name}', 'आप: {name}'],
  noName: ['Your name', 'आपका नाम'],
  tally: ['Sites at a glance', 'सारे ऑफ़िस एक नज़र में'],
  rooms: ['Rooms', 'रूम'],
  noRooms: ['No room is known yet.', 'अभी किसी रूम की जानकारी नहीं है।'],
  needsSomebody: ['Needs somebody now', 'अभी ध्यान चाहिए'],
  neededSomebody: ['Needed somebody, when last known', 'पिछली जानकारी में ध्यान चाहिए था'],
  nobodyNeeded: ['Nothing needs anybody.', 'सब ठीक है, किसी की ज़रूरत नहीं।'],
  nobodyWaits: ['No alert waits for anybody.', 'कोई अलर्ट किसी का इंतज़ार नहीं कर रहा।'],
  notKnown: ['Not known at the moment.', 'अभी पता नहीं।'],
  over: ['Over in the last 24 hours', 'पिछले 24 घंटे में ख़त्म हुए'],
  heard: ['heard {age} ago', '{age} पहले संपर्क हुआ'],
  agent: ['agent {version}', 'एजेंट {version}'],
  forAge: ['for {age}', '{age} से'],
  noChecks: ['No report yet.', 'अभी कोई रिपोर्ट नहीं आई।'],
  unknownSince: ['Unknown since {time}', '{time} से पता नहीं'],
  lastAnswer: ['last answer: {answer}', 'पिछला जवाब: {answer}'],
  doFirst: ['Do first', 'पहले यह करें'],
  also: ['Also: {title}', 'साथ में: {title}'],
  partOf: ['One of many with one cause:', 'कई में से एक, सबकी वजह एक है:'],
  away: ['{n} of {of} are away now', '{of} में से {n} अभी बंद हैं'],
  told: ['{person} was told by {channel}, {time}', '{person} को {channel} से बताया गया, {time}'],
  nobodyTold: ['Nobody told yet.', 'अभी किसी को नहीं बताया गया।'],
  acknowledgedBy: ['{name} is on it, since {time}', '{name} देख रहे हैं, {time} से'],
  assignedTo: ['{to} was asked by {by}, {time}', '{by} ने {to} को सौंपा, {time}'],
  saidFixed: ['{by} says it is fixed; waiting for the PC until {time}', '{by} के मुताबिक ठीक हो गया; {time} तक PC के जवाब का इंतज़ार है'],
  quietUntil: ['Quiet until {time}, wanted by {by}', '{by} ने {time} तक अलर्ट रोका है'],
  maintainedUntil: ['Nobody is told: maintenance until {time}', '{time} तक मेंटेनेंस है, किसी को नहीं बताया जा रहा'],
  goesOnUntil: ['Goes on until {time}', '{time} तक चलेगा'],
  plannedFor: ['{from} to {to}', '{from} से {to} तक'],
  plannedBy: ['{title}, planned by {by}', '{title}, {by} ने तय किया'],
  snoozeHours: ['Quiet for {n} h', '{n} घंटे अलर्ट रोकें'],
  assign: ['Assign', 'सौंपें'],
  assignLabel: ['Name of the person', 'किसे, उनका नाम'],
  deeds: ['What was done', 'क्या-क्या हुआ'],
  'deed.acknowledged': ['{by} is on it', '{by} देख रहे हैं'],
  'deed.taken-over': ['{by} took it over from {to}', '{to} से {by} ने ले लिया'],
  'deed.withdrawn': ['{by} took that back at once', '{by} ने तुरंत वापस ले लिया'],
  'deed.lapsed': ['{to} was on it; asked again', '{to} देख रहे थे; दोबारा पूछा गया'],
  'deed.fixed': ['{by} says it is fixed', '{by} के मुताबिक ठीक हो गया'],
  'deed.reopened': ['Still there: open again', 'दिक्कत अब भी है: फिर खुला'],
  'deed.assigned': ['{by} asked {to}', '{by} ने {to} को सौंपा'],
  'deed.snoozed': ['{by} made it quiet until {until}', '{by} ने {until} तक अलर्ट रोका'],
  'deed.awake': ['Quiet no more', 'अलर्ट अब रुका नहीं है'],
  toldAgain: ['told once more', 'दोबारा बताया गया'],
  flapping: ['Comes and goes: it was back several times in a short time.', 'बार-बार आ-जा रहा है: थोड़ी देर में कई बार लौटा।'],
  answersAgain: ['Answers again since {since}, watched until {until}', '{since} से फिर जवाब दे रहा है, {until} तक नज़र रहेगी'],
  wellAgain: ['Well again since {since}, watched until {until}', '{since} से फिर ठीक है, {until} तक नज़र रहेगी'],
  frozen: ['Not seen since {time}: this alert waits until the PC answers.', '{time} से दिखा नहीं: PC का जवाब आने तक यह अलर्ट रुका है।'],
  acknowledge: ['I am on it', 'मैंने देख लिया'],
  addNote: ['Add note', 'नोट जोड़ें'],
  noteLabel: ['Note for incident {id}', 'अलर्ट {id} के लिए नोट'],
  notePlaceholder: ['What was found, what was done', 'क्या मिला, क्या किया'],
  history: ['History', 'पूरा रिकॉर्ड'],
  reasons: ['Who was told, and why', 'किसे बताया गया, और क्यों'],
  notes: ['Notes', 'नोट'],
  notSaved: ['Not saved: {why}', 'सेव नहीं हुआ: {why}'],
  noAnswer: ['the centre does not answer', 'सेंटर से जवाब नहीं आ रहा'],
  clearedAt: ['cleared {time}', '{time} पर ठीक हुआ'],
  closedAt: ['closed {time}: {why}', '{time} पर बंद हुआ: {why}'],
  lasted: ['lasted {age}', '{age} चला'],
  nameTitle: ['Who are you?', 'आपका नाम क्या है?'],
  nameWhy: [
    'Your name stands beside what you do here. This browser remembers it.',
    'आप यहाँ जो करते हैं उसके साथ आपका नाम दिखेगा। यह ब्राउज़र नाम याद रखेगा।',
  ],
  nameLabel: ['Name', 'नाम'],
  save: ['Save', 'सेव करें'],
  cancel: ['Cancel', 'रहने दें'],
  loginTitle: ['Log in', 'लॉग इन करें'],
  accountName: ['Account', 'अकाउंट'],
  password: ['Password', 'पासवर्ड'],
  login: ['Log in', 'लॉग इन'],
  logout: ['Log out', 'लॉग आउट'],
  wrongPassword: ['Account or password is wrong.', 'अकाउंट या पासवर्ड ग़लत है।'],
  tooMany: ['Too many wrong passwords. Try again in {s} seconds.', 'पासवर्ड कई बार ग़लत डाला गया। {s} सेकंड बाद फिर कोशिश करें।'],
  directory: ['Log in through the directory', 'ऑफ़िस के अकाउंट से लॉग इन करें'],
  directoryNo: ['The directory did not let you in. Ask the central team.', 'ऑफ़िस के अकाउंट से लॉग इन नहीं हुआ। सेंट्रल टीम से पूछें।'],
  directoryAway: [
    '{name} does not answer. Try again later, or log in with a password.',
    '{name} से जवाब नहीं आ रहा। थोड़ी देर बाद कोशिश करें, या पासवर्ड से लॉग इन करें।',
  ],
  chooseTitle: ['Choose a password', 'अपना पासवर्ड चुनें'],
  chooseWhy: [
    'The secret that you were given opens only this page. Choose a password of your own, at least 12 characters.',
    'दिए गए कोड से सिर्फ़ यह पेज खुलता है। अपना पासवर्ड चुनें, कम से कम 12 अक्षर।',
  ],
  chooseOther: ['Another password for {name}, at least 12 characters.', '{name} के लिए नया पासवर्ड, कम से कम 12 अक्षर।'],
  secretGiven: ['Secret that you were given', 'दिया गया कोड'],
  passwordNow: ['Present password', 'अभी का पासवर्ड'],
  passwordNew: ['New password', 'नया पासवर्ड'],
  passwordOther: [
    'Choose another password: at least 12 characters, not the old one, no row of letters or digits, no piece that repeats, not your name.',
    'दूसरा पासवर्ड चुनें: कम से कम 12 अक्षर; पुराना वाला, लगातार अक्षर या अंक, बार-बार वही टुकड़ा या अपना नाम नहीं।',
  ],
  newIncident: ['New: {title}, {room}', 'नया: {title}, {room}'],
  incidentOver: ['Over: {title}, {room}', 'ख़त्म हुआ: {title}, {room}'],
  centre: ['Centre', 'सेंटर'],
  stages: ['{live} live, {commissioning} being set up, {planned} planned', '{live} चालू, {commissioning} लग रहे हैं, {planned} बाकी'],
  roster: ['Roster', 'रोस्टर'],
  toldNow: ['Who is told now', 'अभी किसे बताया जाएगा'],
  'role.technician': ['Technician', 'टेक्नीशियन'],
  'role.state': ['State', 'राज्य'],
  'role.central': ['Central', 'सेंट्रल'],
  'by.deputy': ['stands in', 'किसी की जगह'],
  'by.state': ['nobody else is on duty: the state', 'और कोई ड्यूटी पर नहीं: राज्य'],
  'by.central': ['nobody else is on duty: central', 'और कोई ड्यूटी पर नहीं: सेंट्रल'],
  'by.nobody': ['nobody is on duty: all of central', 'कोई ड्यूटी पर नहीं: पूरी सेंट्रल टीम'],
  'now.here': ['on duty now', 'अभी ड्यूटी पर'],
  'now.off': ['off duty', 'ड्यूटी पर नहीं'],
  'now.leave': ['on leave', 'छुट्टी पर'],
  'now.relieved': ['shift taken over', 'शिफ़्ट किसी और के पास'],
  'roster.person': ['Person', 'व्यक्ति'],
  'roster.places': ['Looks after', 'क्या देखते हैं'],
  'roster.now': ['Now', 'अभी'],
  'roster.duty': ['Hours', 'समय'],
  'roster.channels': ['Reached by', 'कैसे बताया जाता है'],
  'roster.proof': ['Oldest proof', 'सबसे पुरानी जाँच'],
  'roster.always': ['always', 'हमेशा'],
  'roster.noChannel': ['no channel', 'कोई चैनल नहीं'],
  'roster.never': ['{channel}: never tried', '{channel}: कभी नहीं जाँचा'],
  'roster.today': ['today', 'आज'],
  'roster.free': ['No duty today.', 'आज कोई ड्यूटी नहीं।'],
  'roster.for': ['for {name}', 'किसकी जगह: {name}'],
  'roster.nobody': ['Nobody is in the roster yet.', 'रोस्टर में अभी कोई नहीं है।'],
  'roster.notYours': ['This account does not show the roster.', 'इस अकाउंट से रोस्टर नहीं दिखता।'],
  callRoll: ['Call the roll', 'हाज़िरी लें'],
  map: ['States, one dot a site', 'राज्य, हर बिंदु एक ऑफ़िस'],
  tile: [
    '{name}: {ok} of {all} ready, {fault} not ready, {unknown} unknown, {other} not live yet',
    '{name}: {all} में से {ok} तैयार, {fault} तैयार नहीं, {unknown} का पता नहीं, {other} अभी चालू नहीं',
  ],
  needsTile: ['needs somebody now', 'अभी ध्यान चाहिए'],
  sitesOf: ['Sites of {name}', '{name} के ऑफ़िस'],
  close: ['Close', 'बंद करें'],
  newOnes: ['{n} new', '{n} नए'],
  showAll: ['Show all {n}', 'सारे {n} दिखाएँ'],
  details: ['Details', 'पूरी जानकारी'],
  quiet: ['Quiet', 'शांत'],
  watched: ['Well again', 'फिर ठीक'],
  watchedText: ['{n} watched until they are over', '{n} पर अभी नज़र है, ठीक रहे तो अपने आप बंद होंगे'],
  quietText: [
    '{n} open: somebody is on it or has made it quiet, or it is maintained',
    '{n} खुले हैं: उन पर कोई लगा है, अलर्ट रोका गया है या मेंटेनेंस है',
  ],
  roll: ['Roll call', 'हाज़िरी'],
  noRoll: ['Not called since the start.', 'अभी तक नहीं ली गई।'],
  rollAnswers: ['{answered} of {expected} answered, {silent} silent', '{expected} में से {answered} ने जवाब दिया, {silent} चुप'],
  rollRuns: ['The roll is being called: {s} s left at most', 'हाज़िरी चल रही है: ज़्यादा से ज़्यादा {s} सेकंड और'],
  rollTook: ['called by {by}, took {s} s', '{by} ने ली, {s} सेकंड लगे'],
  scope: ['Whom to call', 'किसकी हाज़िरी'],
  nation: ['Whole nation', 'पूरा देश'],
  allOf: ['All of {name}', 'पूरा {name}'],
  silentSoFar: ['silent so far', 'अब तक चुप'],
  silent: ['silent', 'चुप'],
  print: ['Print', 'प्रिंट करें'],
  csv: ['CSV', 'CSV फ़ाइल'],
  allRooms: ['Rooms that are ready too', 'तैयार रूम भी दिखाएँ'],
  'col.site': ['Site', 'ऑफ़िस'],
  'col.room': ['Room', 'रूम'],
  'col.ready': ['Ready?', 'तैयार?'],
  'col.reason': ['Why', 'कारण'],
  'col.owner': ['Who looks after it', 'ज़िम्मेदार'],
  'col.after': ['Answer after', 'जवाब में समय'],
  silentSince: ['silent since {time}', '{time} से चुप'],
  heardOnly: ['heard {time}, no answer', '{time} पर सुना गया, जवाब नहीं आया'],
  rollCut: ['It was cut off before its end. Call the roll again.', 'हाज़िरी बीच में रुक गई। दोबारा हाज़िरी लें।'],
  noRollFound: ['This roll call is not in the records.', 'यह हाज़िरी रिकॉर्ड में नहीं है।'],
  noIncidentFound: ['This alert is not in the records.', 'यह अलर्ट रिकॉर्ड में नहीं है।'],
  noSiteFound: ['This site is not in the table.', 'यह ऑफ़िस सूची में नहीं है।'],
  loading: ['One moment…', 'एक पल…'],
  stillToDo: ['Still to do before this site is live', 'चालू होने से पहले ये काम बाकी हैं'],
  accept: ['Accept: this site is live', 'मंज़ूर: ऑफ़िस चालू करें'],
  done: ['done', 'हो गया'],
  open: ['open', 'बाकी'],
  cleanSince: ['without a fault since {time}', '{time} से बिना ख़राबी के'],
  facts: ['About this site', 'इस ऑफ़िस के बारे में'],
  'fact.elevation': ['Elevation', 'ऊँचाई'],
  'fact.isp': ['Provider', 'प्रोवाइडर'],
  'fact.contact': ['Contact', 'संपर्क'],
  'fact.groups': ['Groups', 'ग्रुप'],
  'fact.place': ['Coordinates', 'जगह'],
  'fact.zone': ['Time zone', 'समय क्षेत्र'],
  'fact.stage': ['Stage', 'चरण'],
  notMeasured: ['Not measured yet.', 'अभी नापा नहीं गया।'],
  measuredBy: ['measured by {pc}, {age} ago', '{pc} ने नापा, {age} पहले'],
  'fact.up': ['To the centre', 'सेंटर की ओर'],
  'fact.down': ['From the centre', 'सेंटर से'],
  'fact.tests': ['Tests, month', 'जाँच, महीना'],
  'fact.telemetry': ['Reports, month', 'रिपोर्ट, महीना'],
  'fact.broke': ['Broke last', 'पिछली रुकावट'],
  upDown: ['{up} up, {down} down', '{up} जाने में, {down} आने में'],
  roundTrip: ['{ms} ms; 1 in 20 above {p95} ms', '{ms} ms; 20 में 1 बार {p95} ms से ज़्यादा'],
  sound: ['R {r} of 100, MOS {mos} of 5', 'R 100 में से {r}, MOS 5 में से {mos}'],
  soundGeo: [
    'R {r} of 100 ({adjusted} with what people accept of a satellite), MOS {mos} of 5',
    'R 100 में से {r} (सैटेलाइट के हिसाब से {adjusted}), MOS 5 में से {mos}',
  ],
  mostRate: ['at most {rate}', 'ज़्यादा से ज़्यादा {rate}'],
  ago: ['{age} ago', '{age} पहले'],
  used: ['{used} of {limit} MB', '{limit} में से {used} MB'],
  heightCard: ['Height and power', 'ऊँचाई और बिजली'],
  'fact.air': ['Air', 'हवा'],
  'fact.roomLimit': ['Warmest room', 'कमरे की हद'],
  'fact.rise': ['PC over room', 'कमरे से PC'],
  'fact.room': ['Room now', 'कमरा अभी'],
  'fact.humidity': ['Humidity', 'नमी'],
  airText: ['{percent} % as dense as at sea level', 'समुद्र के पास की हवा का {percent} %'],
  atMost: ['{limit} °C for a PC', 'PC के लिए {limit} °C'],
  atMostWhy: [
    'A PC for 35 °C, less 1 °C for each 300 m above 900 m: thin air cools less.',
    '35 °C वाला PC, 900 मीटर के ऊपर हर 300 मीटर पर 1 °C कम: पतली हवा कम ठंडा करती है।',
  ],
  riseText: ['{factor} times as much as at sea level', 'समुद्र के पास से {factor} गुना'],
  tooWarm: ['{n} °C: too warm', '{n} °C: ज़्यादा गर्म'],
  lasts: ['lasts {age}', '{age} चलेगा'],
  drift: ['Profile {held}, should be {wanted}', 'प्रोफ़ाइल {held} है, {wanted} होना चाहिए'],
  day: ['The last 24 hours', 'पिछले 24 घंटे'],
  sinceThen: ['Since {time}', '{time} से अब तक'],
  noHistory: ['No record of this time yet.', 'इस समय का रिकॉर्ड अभी नहीं है।'],
  'span.ok': ['works {age}', 'ठीक {age}'],
  'span.fault': ['fault {age}', 'ख़राब {age}'],
  'span.unknown': ['unknown {age}', 'पता नहीं {age}'],
  'span.away': ['away {age}', 'संपर्क नहीं {age}'],
  awaySince: ['Away since {from}: {cause}', '{from} से संपर्क नहीं: {cause}'],
  wasAway: ['Was away {from} to {to}: {cause}', '{from} से {to} तक संपर्क नहीं था: {cause}'],
};

/** @typedef {keyof typeof table} Key */
/** @typedef {keyof CentreWords} Group */
/** What the centre calls the things of the domain, by language, group and key. @typedef {Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>} Vocabulary */
/** Whoever reads: in which language, and the words that the centre sent. @typedef {{ lang: Language, words: Vocabulary }} Reader */

/**
 * The table by key: English, then Hindi.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const texts = table;

/**
 * A text of the wall with its blanks filled.
 * @param {Language} lang
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 */
export function say(lang, key, values) {
  return filled(table[key][lang === 'hi' ? 1 : 0] ?? '', values);
}

/**
 * A word of the domain; the key itself where the centre sent none for it.
 * @param {Reader} reader
 * @param {Group} group
 * @param {string} key
 */
export function sayWord({ lang, words }, group, key) {
  const known = words[lang]?.[group] ?? {};
  return Object.hasOwn(known, key) ? (known[key] ?? '') : shown(key);
}

/**
 * A number with its unit.
 * @param {Reader} reader
 * @param {keyof CentreWords['unit']} unit
 * @param {string | number} n
 */
export function amount(reader, unit, n) {
  return filled(sayWord(reader, 'unit', unit), { n });
}

/**
 * Whether the centre sent a word for a key.
 * @param {Reader} reader
 * @param {Group} group
 * @param {string} key
 */
export function hasWord({ lang, words }, group, key) {
  return Object.hasOwn(words[lang]?.[group] ?? {}, key);
}

/**
 * A text with its values in their places.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function filled(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
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
 * Foreign text, made fit to show: one line, no characters that turn the writing direction, at most `limit` characters.
 * @param {string} text
 * @param {number} limit
 */
export function shown(text, limit = 120) {
  const clean = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
  const letters = Array.from(clean.slice(0, limit * 4));
  return letters.length > limit ? `${letters.slice(0, limit - 1).join('')}…` : letters.join('');
}
