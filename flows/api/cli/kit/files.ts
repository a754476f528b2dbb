/** Files of the operator: tables that are written, and imports that are shown before they are carried out. */
import { type CsvProblem, type Language, type LineRow, lineIn, rowsOfCentre } from '@sabha/contracts';
import { lines } from './lines.ts';
import type { Answer, Call } from './model.ts';
import { firstOf } from './text.ts';

/** What an import finds in its file, in Hindi. */
const found: readonly LineRow[] = [
  [/^a PC needs its site$/, { hi: 'PC के साथ उसका ऑफ़िस भी लिखें' }],
  [/^a site needs its state$/, { hi: 'ऑफ़िस के साथ उसका राज्य भी लिखें' }],
  [/^latitude and longitude stand together$/, { hi: 'latitude और longitude दोनों लिखें' }],
  [/^only the line of a site may say this$/, { hi: 'यह सिर्फ़ ऑफ़िस की लाइन में लिखा जाता है' }],
  [/^stands twice: line (\d+) is the same (?:person|meeting)$/, { hi: 'यह दो बार है: लाइन $1 में भी यही है' }],
  [/^(.+) stands twice: line (\d+) is the same place$/, { hi: '$1 दो बार है: लाइन $2 में भी यही है' }],
  [/^there is no state, site or PC (.+)$/, { hi: '$1 नाम का कोई राज्य, ऑफ़िस या PC नहीं है' }],
  [/^there is no site or room (.+)$/, { hi: '$1 नाम का कोई ऑफ़िस या कमरा नहीं है' }],
  [/^no site is in the group (.+)$/, { hi: '$1 समूह में कोई ऑफ़िस नहीं है' }],
  [/^who is central looks after all$/, { hi: 'central वाला सबकी देखरेख करता है: scopes में all लिखें' }],
  [/^there is no channel "(.*)" here; there are (.+)$/, { hi: '"$1" नाम का रास्ता यहाँ नहीं है; ये हैं: $2' }],
  [/^"(.*)" has no address of this person$/, { hi: '"$1" के लिए इस व्यक्ति का पता नहीं लिखा है' }],
  [/^"(.*)" is a word of Sabha's own$/, { hi: '"$1" Sabha का अपना शब्द है: दूसरा चुनें' }],
  [/^"(.*)" is a group$/, { hi: '"$1" एक समूह है' }],
  [/^"(.*)" is a role or a person$/, { hi: '"$1" एक भूमिका या व्यक्ति है' }],
  [/^nobody is their own deputy$/, { hi: 'कोई अपनी जगह ख़ुद नहीं हो सकता' }],
  [/^there is no person "(.*)" in this file or the roster$/, { hi: '"$1" नाम का कोई इस फ़ाइल या सूची में नहीं है' }],
  [/^the file has more than (\d+) lines$/, { hi: 'फ़ाइल में $1 से ज़्यादा लाइनें हैं' }],
  [/^the cells are separated by (.+): save the file as CSV with commas$/, { hi: 'खाने $1 से अलग हैं: फ़ाइल को कॉमा वाली CSV में सेव करें' }],
  [/^a quote is opened here or below and never closed$/, { hi: 'यहाँ या नीचे कोई कोट खुला है और बंद नहीं हुआ' }],
  [/^a quote stands .+$/, { hi: 'कोट ग़लत जगह है: खाने के अंदर उसे दो बार लिखें, और पूरे खाने को कोट में रखें' }],
  [/^expected paths such as (\S+) or (\S+), a state, or all$/, { hi: 'कमरे ऐसे लिखें: $1 या $2, राज्य, या all' }],
  [/^expected a time such as (\S+ \S+), (\S+), or minutes$/, { hi: 'समय ऐसे लिखें: $1, $2, या मिनट' }],
  [/^expected a time such as (.+)$/, { hi: 'समय ऐसे लिखें: $1' }],
  [/^expected dates such as (\S+), with ";" between$/, { hi: 'तारीख़ें ऐसे लिखें: $1, बीच में ";"' }],
  [/^the zone "(.*)" is not known: a name such as (\S+)$/, { hi: '"$1" नाम का समय क्षेत्र नहीं है: $2 जैसा लिखें' }],
  [/^names more than (\d+) dates$/, { hi: '$1 से ज़्यादा तारीख़ें हैं' }],
  [/^names no site or room: .+$/, { hi: 'इसमें ऑफ़िस या कमरा नहीं है: bihar/patna जैसा लिखें, या पूरी फ़ाइल के लिए --rooms' }],
  [/^the repetition cannot be used: (.+)$/, { hi: 'यह दोहराव (RRULE) यहाँ नहीं चलता: $1' }],
  [/^it ends before it begins$/, { hi: 'यह शुरू होने से पहले ख़त्म होती है' }],
  [/^the meeting that it belongs to is not in the file$/, { hi: 'जिस मीटिंग की यह तारीख़ है वह फ़ाइल में नहीं है' }],
  [/^the meeting has no date at (\S+ \S+)$/, { hi: 'मीटिंग $1 पर है ही नहीं' }],
  [/^RANGE is not understood: .+$/, { hi: 'RANGE नहीं चलता: मीटिंग को UNTIL से ख़त्म करें, आगे की अलग मीटिंग लिखें' }],
  [/^is not understood: name the dates that fall out with EXDATE$/, { hi: 'यह नहीं चलता: जो तारीख़ें नहीं होंगी उन्हें EXDATE में लिखें' }],
  [/^is not understood: write the date as a meeting of its own$/, { hi: 'यह नहीं चलता: उस तारीख़ की अलग मीटिंग लिखें' }],
  [/^is not understood for a single date \(RECURRENCE-ID\)$/, { hi: 'एक तारीख़ (RECURRENCE-ID) पर यह नहीं चलता' }],
  [/^(.*) is not understood: PUBLISH, REQUEST and CANCEL are$/, { hi: '$1 नहीं चलता: PUBLISH, REQUEST या CANCEL हो' }],
  [/^it or DTSTART names no zone, .+$/, { hi: 'इसमें या DTSTART में समय क्षेत्र नहीं है: दोनों एक ही समय क्षेत्र में लिखें' }],
  [/^is no time: "(.*)"$/, { hi: '"$1" समय नहीं है' }],
  [/^is a whole day, .+$/, { hi: 'यह पूरे दिन की है, और मीटिंग का समय तय है: समय लिखें, या यह तारीख़ रद्द करें' }],
  [/^(\d+) more problems .+$/, { hi: '$1 ग़लतियाँ और हैं' }],
  [/^nothing is changed: 1 problem$/, { hi: 'कुछ नहीं बदला: 1 ग़लती' }],
  [/^nothing is changed: (\d+) problems$/, { hi: 'कुछ नहीं बदला: $1 ग़लतियाँ' }],
];

/** A table for a spreadsheet, in a file or on the terminal. */
export async function asFile(csv: string, file: string | undefined, writeText: Call['writeText']): Promise<Answer> {
  if (file === undefined) return { ok: true, json: { csv }, text: csv.trimEnd() };
  // Fetch removes the byte order mark, by which a spreadsheet recognises UTF-8.
  await writeText(file, csv.startsWith('\ufeff') ? csv : `\ufeff${csv}`);
  return { ok: true, json: { file }, text: `${file} is written` };
}

type Named = string | { id: string; title: string };
type Change = Named | { path?: string; person?: string; column: string; from: string; to: string };
type Difference = {
  added: readonly Named[];
  changed: readonly Change[];
  removed?: readonly Named[];
  same: number;
  missing?: readonly string[];
};
/** The answer of each route that imports. */
type Imported = { problems: readonly CsvProblem[]; notes?: readonly CsvProblem[]; applied: boolean; difference: Difference };

/** Has a file checked and, with --yes, loaded. `field`: the part of the body that takes the text of the file. */
export async function importFile(call: Call, path: string, { field, body }: { field: string; body: object }): Promise<Answer> {
  const { api, by, options, language } = call;
  const [file = ''] = call.words;
  const apply = options['yes'] === true && options['dry-run'] !== true;
  const done = await api.post<Imported>(path, { ...body, [field]: await call.readText(file), apply, by }, [422]);
  if (done.problems.length > 0) return { ok: false, json: done, text: problemText(done.problems, { file, language }) };
  const notes = (done.notes ?? []).map((one) => problemLine(one, { file, language }));
  const end = lineIn(done.applied ? 'done' : 'nothing is changed yet: --yes does it', language, lines);
  return { ok: true, json: done, text: [...differenceLines(done.difference, language), ...firstOf(notes), end].join('\n') };
}

/** What an import adds, changes and removes, a line each, and the counts. */
function differenceLines({ added, changed, removed, same, missing }: Difference, language: Language): string[] {
  const list = (mark: string, all: readonly Change[]) => firstOf(all.map((one) => `${mark} ${changeText(one)}`));
  const subjects = new Set(changed.map((one) => (typeof one === 'object' && 'column' in one ? (one.person ?? one.path) : one)));
  const left = missing === undefined ? '' : `, ${missing.length} not in the file (left as they are)`;
  const gone = removed === undefined ? '' : `, ${removed.length} removed`;
  const sum = `${added.length} added, ${subjects.size} changed${gone}, ${same} the same${left}`;
  return [...list('+', added), ...list('~', changed), ...list('-', removed ?? []), lineIn(sum, language, lines)];
}

function changeText(one: Change): string {
  if (typeof one === 'string') return one || 'the nation';
  if (!('column' in one)) return `${one.id} ${one.title}`;
  return `${one.person ?? (one.path || 'the nation')} ${one.column}: "${one.from}" becomes "${one.to}"`;
}

/** Each problem with its place in the file, and that nothing is changed for them. */
export function problemText(problems: readonly CsvProblem[], { file, language }: { file: string; language: Language }): string {
  const end = `nothing is changed: ${problems.length} problem${problems.length === 1 ? '' : 's'}`;
  return [...problems.map((one) => problemLine(one, { file, language })), lineIn(end, language, found)].join('\n');
}

/** One of them, or a note; a file that has no lines has no line 0. */
function problemLine({ line, column, what }: CsvProblem, { file, language }: { file: string; language: Language }): string {
  return `${file}${line > 0 ? `:${line}` : ''} ${column === '' ? '' : `${column}: `}${lineIn(what, language, [...rowsOfCentre, ...found])}`;
}
