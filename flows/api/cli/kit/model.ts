/** Types of a verb and its call, and the HTTP client of the API. */
import type { ParseArgsOptionDescriptor } from 'node:util';
import { codeOf, isLoopback, isPcPath, type Language, languages, type Words } from '@sabha/contracts';
import type { Restored } from '../../../storage/backup/restore.ts';

/** Help texts of the options, by name. If two verbs differ, by verb and name. */
const options: Readonly<Record<string, readonly [en: string, hi: string]>> = {
  'accounts add --role': [
    'reader looks, state acts for its part, central does all',
    'reader सिर्फ़ देखता है, state अपने हिस्से में काम करता है, central सब कुछ',
  ],
  also: ['another name of the person: an older phone, an account', 'व्यक्ति का दूसरा नाम: पुराना फ़ोन, अकाउंट'],
  by: [
    'who acts, as the audit names them (else the user of this machine); with a token it is the name of the token',
    'कौन कर रहा है, जैसा रिकॉर्ड में लिखा जाए (नहीं तो इस मशीन का यूज़र); टोकन के साथ टोकन का नाम',
  ],
  arg: ['a value that the order needs', 'आदेश के लिए ज़रूरी बात'],
  at: ['only those of a place', 'सिर्फ़ इस जगह के'],
  channel: ['over this channel only', 'सिर्फ़ इस रास्ते से'],
  check: ['proves the backup, and changes nothing', 'सिर्फ़ बैकअप की जाँच, बदलता कुछ नहीं'],
  csv: ['as CSV, into the file that is named', 'CSV में, लिखी हुई फ़ाइल में'],
  days: ['how many days', 'कितने दिन'],
  deputy: ['the person who is notified instead', 'उनकी जगह किसे ख़बर जाए'],
  'dry-run': ['changes nothing, also with --yes', '--yes के साथ भी कुछ नहीं बदलता'],
  for: ['the reason, as people read it', 'किस लिए, जैसा लोग पढ़ेंगे'],
  force: ['even while points are open', 'काम बाक़ी हों तब भी'],
  from: ['its begin', 'शुरू का समय'],
  hours: ['for how many hours it is valid (else 24)', 'कितने घंटे चलेगा (नहीं तो 24)'],
  incident: ['why people were notified of this incident', 'इस अलर्ट की ख़बर क्यों गई'],
  json: ['for programs', 'प्रोग्राम के लिए'],
  lang: [
    `${languages.join(' or ')} (else the language of the system: LC_ALL, LC_MESSAGES, LANG)`,
    `${languages.join(' या ')} (नहीं तो सिस्टम की भाषा: LC_ALL, LC_MESSAGES, LANG)`,
  ],
  machines: ['actions of machines, too', 'मशीनों का किया हुआ भी'],
  minutes: ['the length, instead of --to', 'कितने मिनट, --to की जगह'],
  now: ['by a new copy of the ledger', 'रिकॉर्ड की नई कॉपी से'],
  open: ['only those that are not over', 'सिर्फ़ वे जो ख़त्म नहीं हुए'],
  'passphrase-file': ['the file with the passphrase of the backup', 'फ़ाइल जिसमें बैकअप का पासफ़्रेज़ है'],
  readings: ['measured numbers, too', 'मापे गए आँकड़े भी'],
  renew: ['also for PCs that have one', 'जिनके पास है उनके लिए भी नया'],
  replace: ['removes the entries that are not in the file', 'जो फ़ाइल में नहीं है उसे हटा देता है'],
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
  'take-over': ['even if somebody else has it', 'कोई और देख रहा हो तब भी'],
  to: ['the PCs that receive it', 'किसे भेजना है'],
  'maintenance add --to': ['its end', 'ख़त्म होने का समय'],
  until: ['to the end of a day, or until so long ago (else now)', 'इस दिन के अंत तक, या इतने समय पहले तक (नहीं तो अब तक)'],
  uses: ['for how many PCs it is valid (else as many as the site has)', 'कितने PC जुड़ सकते हैं (नहीं तो जितने ऑफ़िस में हैं)'],
  wait: ['waits for the answers, or with --no-wait does not', 'जवाब का इंतज़ार करता है, या --no-wait के साथ नहीं'],
  who: ['only what this person did', 'सिर्फ़ इस व्यक्ति का किया हुआ'],
  yes: ['does it; without it nothing is changed or sent', 'करता है; इसके बिना न कुछ बदलता है, न भेजा जाता है'],
  zone: ['the time zone, such as Asia/Kolkata', 'समय क्षेत्र, जैसे Asia/Kolkata'],
};
/** Matches one option of a usage: optional bracket, `no-`, name, value, alternative, and the mark of repetition. */
const optionPattern = /(\[|\| ?)?--(no-)?([a-z-]+)( (?![[|-])[^\s\]|]+(?=(\|--)?)(\]\.\.\.)?)?/g;
/** Limits the arguments of a verb that accepts a list. */
const mostWords = 100;

/** One call: the arguments, and the effects that a verb may use. */
export type VerbCall = {
  words: readonly string[];
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** The person who acts, as named in the audit log. */
  by: string;
  language: Language;
  api: Client;
  /** Returns the text of a UTF-8 file. Throws `CliError`. */
  readText(file: string): Promise<string>;
  /** Returns the text of a file, or of all files in a folder with this ending. Throws `CliError`. */
  readTexts(path: string, ending: string): Promise<{ whole: boolean; texts: { name: string; text: string }[] }>;
  writeText(file: string, text: string): Promise<void>;
  /** Copies a file completely or not at all; only its owner can read the copy. */
  copyFile(from: string, to: string): Promise<void>;
  /** Restores the server of this machine from a backup. Throws `CliError`. */
  restore(what: { file: string; check: boolean; passphraseFile: string | undefined }): Promise<Restored>;
  now(): number;
  pause(ms: number): Promise<void>;
  /** Prints a progress line on standard error. */
  say(line: string): void;
};

/** The output of a verb. `ok`: exit code 0, else 1. Either `json` or `text` is printed. */
export type VerbOutput = { ok: boolean; json: unknown; text: string };

export type OutputLayout = (answer: never, call: VerbCall) => VerbOutput | Promise<VerbOutput>;

export type Verb = {
  usage: string;
  does: Words;
  words: readonly [number, number];
  options: Readonly<Record<string, ParseArgsOptionDescriptor & { says: Words }>>;
  needed: readonly string[];
  run(call: VerbCall): Promise<VerbOutput>;
};

/** One line for the person who typed the command, and the exit code: 1 = refused, 2 = wrong usage or no server. */
export class CliError extends Error {
  readonly code: 1 | 2;
  constructor(code: 1 | 2, line: string) {
    super(line);
    this.code = code;
  }
}

/** Address of the API and its token. `needed` = the error line for a server that requires a token when none was found. */
export type ServerAddress = { address: string; token?: string | undefined; needed?: string };

export type Client = ReturnType<typeof createClient>;

/**
 * Creates a client of the API. `find` runs at the first request, because a restore needs no server. Each failure is a `CliError` of one
 * line.
 */
export function createClient(find: () => ServerAddress | Promise<ServerAddress>) {
  let found: Promise<ServerAddress> | undefined;
  const server = () => (found ??= Promise.try(find).then(checked));
  const ask = async (path: string, init: RequestInit = {}, accept: readonly number[] = []): Promise<string> => {
    const { address, token, needed = 'a token is needed: set SABHA_TOKEN' } = await server();
    const headers = { ...init.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(new URL(path, address), { ...init, headers }).catch((error: Error) => {
      // The error of `fetch` has a generic message; its cause has the reason.
      throw new CliError(2, `the server at ${address} does not answer: ${codeOf(error.cause ?? error)}`);
    });
    const text = await answer.text().catch(() => {
      throw new CliError(2, `the server at ${address} stopped in the middle of its response: try again`);
    });
    if (answer.status === 401 && token === undefined) throw new CliError(1, needed);
    if (!answer.ok && !accept.includes(answer.status)) throw new CliError(answer.status === 400 ? 2 : 1, lineOf(text, answer.status));
    return text;
  };
  const askJson = async <T>(path: string, init?: RequestInit, accept?: readonly number[]): Promise<T> => {
    const text = await ask(path, init, accept);
    try {
      return (text === '' ? null : JSON.parse(text)) as T;
    } catch {
      throw new CliError(2, `${(await server()).address} is not a server of Sabha: check the address in SABHA_API`);
    }
  };
  return {
    get: <T>(path: string) => askJson<T>(path),
    text: (path: string) => ask(path),
    /** `accept`: HTTP statuses above 399 whose body is read as a normal response. */
    post: <T>(path: string, body: object, accept?: readonly number[]) =>
      askJson<T>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }, accept),
  };
}

function checked(server: ServerAddress): ServerAddress {
  const { address, token } = server;
  if (!URL.canParse(address)) throw new CliError(2, `SABHA_API: "${address}" is not an address such as http://127.0.0.1:1880`);
  const { protocol, hostname } = new URL(address);
  if (token !== undefined && protocol !== 'https:' && !isLoopback(hostname))
    throw new CliError(2, 'SABHA_API: a token goes to another machine over https only');
  if (token !== undefined && !/^[ -~]+$/.test(token)) throw new CliError(2, 'the token is not one line of ASCII: check SABHA_TOKEN');
  return server;
}

function lineOf(text: string, status: number): string {
  try {
    const { error } = JSON.parse(text) as { error?: string };
    if (typeof error === 'string') return error;
  } catch {
    // The body is not JSON of this API, so the status below is more useful.
  }
  return `the server responded with status ${status}`;
}

/** Makes a verb from its usage line, which begins with the name of the verb. */
export function verb(usage: string, [en, hi]: readonly [en: string, hi: string], run: Verb['run']): readonly [string, Verb] {
  const [, name = '', behind = ''] = /^([a-z-]+(?: [a-z-]+(?= |$))?) ?(.*)$/.exec(usage) ?? [];
  const [before = ''] = behind.split(/ ?(?:\| )?\[?--/);
  const words = before.split(' ').filter(Boolean);
  // `A | --b` requires either arguments or an option.
  const least = behind.includes(' | ') ? 0 : words.filter((word) => !word.startsWith('[')).length;
  const most = words.some((word) => word.endsWith('...')) ? mostWords : words.length + (behind.endsWith(' [FILE]]') ? 1 : 0);
  const found = [...behind.matchAll(optionPattern)];
  const named = found.map(([, , no, option = '', value, , many]) => [
    option,
    {
      type: value === undefined ? 'boolean' : 'string',
      says: optionHelpOf(name, option),
      ...(no !== undefined && { default: true }),
      ...(many !== undefined && { multiple: true }),
    },
  ]);
  const needed = found.filter(([, open, , , , other]) => open === undefined && other === undefined).map(([, , , option = '']) => option);
  return [name, { usage: behind, does: { en, hi }, words: [least, most], options: Object.fromEntries(named), needed, run }];
}

export const commonOptions: Verb['options'] = {
  json: { type: 'boolean', says: optionHelpOf('', 'json') },
  by: { type: 'string', says: optionHelpOf('', 'by') },
  lang: { type: 'string', says: optionHelpOf('', 'lang') },
};

function optionHelpOf(verbName: string, option: string): Words {
  const [en = '', hi = ''] = options[`${verbName} --${option}`] ?? options[option] ?? [];
  return { en, hi };
}

/** Returns the argument as the path of a PC. Throws `CliError`. */
export function parsePc(pc = ''): string {
  if (!isPcPath(pc)) throw new CliError(2, `"${pc}" is not the name of a PC: write STATE/SITE/PC, such as ladakh/leh/vc-1`);
  return pc;
}

/** Returns the argument as the path of a site. Throws `CliError`. */
export function parseSite(site = ''): string {
  if (site.split('/').length !== 2) throw new CliError(2, `"${site}" is not the name of a site: write STATE/SITE, such as ladakh/leh`);
  return site;
}

/** Returns the argument as the number of an incident. Throws `CliError`. */
export function parseIncidentNumber(id = ''): number {
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new CliError(2, `"${id}" is not the number of an incident: "sabha incidents --open" shows them`);
  return Number(id);
}

/** Returns an option as a whole number. Throws `CliError`. */
export function parseNumberOption(option: string, text: unknown): number {
  if (!/^\d{1,6}$/.test(String(text))) throw new CliError(2, `--${option} needs a whole number`);
  return Number(text);
}

/** Parses a day, a time or a duration back from now, as epoch milliseconds. `ends` selects the end of a day. Throws `CliError`. */
export function parseTimeOption(option: string, text: string, { now, ends = false }: { now: number; ends?: boolean }): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
  const hourMs = 3_600_000;
  const at =
    count === '' ? Date.parse(/^\d{4}-\d\d-\d\d/.test(text) ? text : '') : now - Number(count) * (unit === 'd' ? 24 * hourMs : hourMs);
  if (!Number.isFinite(at))
    throw new CliError(2, `--${option} ${text}: a day such as 2027-01-05, or so many days or hours back such as 30d or 12h`);
  return Math.max(0, at + (ends && /^\d{4}-\d\d-\d\d$/.test(text) ? 24 * hourMs : 0));
}

/** Parses the end of a snooze: a duration from now, or a time with its zone. Throws `CliError`. */
export function parseUntil(time: string, now: number): number {
  const [, count = '', unit = ''] = /^(\d{1,4})([mh])$/.exec(time) ?? [];
  if (unit !== '') return now + Number(count) * (unit === 'h' ? 3_600_000 : 60_000);
  try {
    return Temporal.Instant.from(time).epochMilliseconds;
  } catch {
    throw new CliError(2, `"${time}" is not a time: 90m, 2h, or 2027-01-15T18:30+05:30`);
  }
}
