/** A verb by its usage: the name, the words and the options are read from one line such as `sites list [--stage STAGE]`. */
import { isPcPath, type Words } from '@sabha/contracts';
import { CliError, type Verb } from './model.ts';

/** Options by name, or by verb and name where two verbs differ. */
const options: Readonly<Record<string, readonly [en: string, hi: string]>> = {
  'accounts add --role': [
    'reader looks, state acts for its part, central does all',
    'reader सिर्फ़ देखता है, state अपने हिस्से में काम करता है, central सब कुछ',
  ],
  also: ['another name of the person: an older phone, an account', 'व्यक्ति का दूसरा नाम: पुराना फ़ोन, अकाउंट'],
  arg: ['what the order needs', 'आदेश के लिए ज़रूरी बात'],
  at: ['only those of a place', 'सिर्फ़ इस जगह के'],
  channel: ['over this channel only', 'सिर्फ़ इस रास्ते से'],
  check: ['proves the backup, and changes nothing', 'सिर्फ़ बैकअप की जाँच, बदलता कुछ नहीं'],
  csv: ['as CSV, into the file that is named', 'CSV में, लिखी हुई फ़ाइल में'],
  days: ['how many days', 'कितने दिन'],
  deputy: ['who is notified instead', 'उनकी जगह किसे ख़बर जाए'],
  'dry-run': ['changes nothing, also with --yes', '--yes के साथ भी कुछ नहीं बदलता'],
  for: ['what for, as people read it', 'किस लिए, जैसा लोग पढ़ेंगे'],
  force: ['also where points are open', 'काम बाक़ी हों तब भी'],
  from: ['its begin', 'शुरू का समय'],
  hours: ['for how many hours it is valid (else 24)', 'कितने घंटे चलेगा (नहीं तो 24)'],
  incident: ['why people were notified of this incident', 'इस अलर्ट की ख़बर क्यों गई'],
  machines: ['what machines did, too', 'मशीनों का किया हुआ भी'],
  minutes: ['how long, in the place of --to', 'कितने मिनट, --to की जगह'],
  now: ['by a new copy of the ledger', 'रिकॉर्ड की नई कॉपी से'],
  open: ['only those that are not over', 'सिर्फ़ वे जो ख़त्म नहीं हुए'],
  'passphrase-file': ['the file with the passphrase of the backup', 'फ़ाइल जिसमें बैकअप का पासफ़्रेज़ है'],
  readings: ['measured numbers, too', 'मापे गए आँकड़े भी'],
  renew: ['also for PCs that have one', 'जिनके पास है उनके लिए भी नया'],
  replace: ['removes who or what is not in the file', 'जो फ़ाइल में नहीं है उसे हटा देता है'],
  revoke: ['takes the address back', 'पता वापस लेता है'],
  role: ['as an account; node-red reads', 'अकाउंट जैसी; node-red देखता है'],
  rooms: ['the rooms of meetings that name none', 'जिन मीटिंग में कमरा नहीं लिखा उनके कमरे'],
  'roster take --from': ['the person whose shift it is', 'जिसकी शिफ़्ट है'],
  rule: ['how it repeats (RRULE)', 'कैसे दोहराना है (RRULE)'],
  scope: ['all, a state or a site', 'all, राज्य या ऑफ़िस'],
  since: ['since a day, or so many days or hours back', 'इस दिन से, या इतने दिन या घंटे पहले से'],
  site: ['only those of a site', 'सिर्फ़ इस ऑफ़िस के'],
  stage: ['only those of a stage: planned, commissioning, live, closed', 'सिर्फ़ इस चरण के: planned, commissioning, live, closed'],
  state: ['only those of a state', 'सिर्फ़ इस राज्य के'],
  'take-over': ['also where somebody else has it', 'कोई और देख रहा हो तब भी'],
  to: ['the PCs that receive it', 'किसे भेजना है'],
  'maintenance add --to': ['its end', 'ख़त्म होने का समय'],
  until: ['to the end of a day, or until so long ago (else now)', 'इस दिन के अंत तक, या इतने समय पहले तक (नहीं तो अब तक)'],
  uses: ['how many PCs it lets in (else as many as the site has)', 'कितने PC जुड़ सकते हैं (नहीं तो जितने ऑफ़िस में हैं)'],
  wait: ['waits for the answers, or with --no-wait does not', 'जवाब का इंतज़ार करता है, या --no-wait के साथ नहीं'],
  who: ['only what this person did', 'सिर्फ़ इस व्यक्ति का किया हुआ'],
  yes: ['does it; without it nothing is changed or sent', 'करता है; इसके बिना न कुछ बदलता है, न भेजा जाता है'],
  zone: ['the time zone, such as Asia/Kolkata', 'समय क्षेत्र, जैसे Asia/Kolkata'],
};

/** What makes an option voluntary, its name, its value, an alternative to it, and a mark where it may be repeated. */
const optionPattern = /(\[|\| ?)?--(no-)?([a-z-]+)( (?![[|-])[^\s\]|]+(?=(\|--)?)(\]\.\.\.)?)?/g;
/** How many words a verb takes whose last word may be repeated. */
const mostWords = 100;

/** A row of the list of verbs. `usage` begins with the name. */
export function verb(usage: string, [en, hi]: readonly [en: string, hi: string], run: Verb['run']): readonly [string, Verb] {
  const [, name = '', behind = ''] = /^([a-z-]+(?: [a-z-]+(?= |$))?) ?(.*)$/.exec(usage) ?? [];
  const [before = ''] = behind.split(/ ?(?:\| )?\[?--/);
  const words = before.split(' ').filter(Boolean);
  // `A | --b`: either words or an option.
  const least = behind.includes(' | ') ? 0 : words.filter((word) => !word.startsWith('[')).length;
  const most = words.some((word) => word.endsWith('...')) ? mostWords : words.length + (behind.endsWith(' [FILE]]') ? 1 : 0);
  const found = [...behind.matchAll(optionPattern)];
  const named = found.map(([, , no, option = '', value, , many]) => [
    option,
    {
      type: value === undefined ? 'boolean' : 'string',
      says: saidOf(name, option),
      ...(no !== undefined && { default: true }),
      ...(many !== undefined && { multiple: true }),
    },
  ]);
  const needed = found.filter(([, open, , , , other]) => open === undefined && other === undefined).map(([, , , option = '']) => option);
  return [name, { usage: behind, does: { en, hi }, words: [least, most], options: Object.fromEntries(named), needed, run }];
}

function saidOf(verbName: string, option: string): Words {
  const [en = '', hi = ''] = options[`${verbName} --${option}`] ?? options[option] ?? [];
  return { en, hi };
}

/** The word of a call that names a PC. Throws CliError. */
export function pcNamed(pc = ''): string {
  if (!isPcPath(pc)) throw new CliError(2, `"${pc}" is no PC: write STATE/SITE/PC, such as ladakh/leh/vc-1`);
  return pc;
}

/** The word of a call that names a site. Throws CliError. */
export function siteNamed(site = ''): string {
  if (site.split('/').length !== 2) throw new CliError(2, `"${site}" is no site: write STATE/SITE, such as ladakh/leh`);
  return site;
}

/** The word of a call that is the number of an incident. Throws CliError. */
export function incidentNamed(id = ''): number {
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new CliError(2, `"${id}" is no number of an incident: "sabha incidents --open" shows them`);
  return Number(id);
}

/** A whole number that an option takes. Throws CliError. */
export function numberOf(option: string, text: unknown): number {
  if (!/^\d{1,6}$/.test(String(text))) throw new CliError(2, `--${option} needs a whole number`);
  return Number(text);
}

/** A time that an option takes: a day, a time, or so long back; the end of a day where `ends`. Throws CliError. */
export function timeOf(option: string, text: string, { now, ends = false }: { now: number; ends?: boolean }): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
  const hourMs = 3_600_000;
  const at =
    count === '' ? Date.parse(/^\d{4}-\d\d-\d\d/.test(text) ? text : '') : now - Number(count) * (unit === 'd' ? 24 * hourMs : hourMs);
  if (!Number.isFinite(at))
    throw new CliError(2, `--${option} ${text}: a day such as 2027-01-05, or so many days or hours back such as 30d or 12h`);
  return Math.max(0, at + (ends && /^\d{4}-\d\d-\d\d$/.test(text) ? 24 * hourMs : 0));
}
