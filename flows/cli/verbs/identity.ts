/** The verbs of identities: a code by which PCs enrol, and a PC that is shut out. */
import { renderUnicodeCompact } from 'uqr';
import { type EnrolCodeView, filled, isPcPath, type Language } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { siteNamed, takes } from '../kit/options.ts';
import { table, timeText } from '../kit/text.ts';

/** By their words. */
export const identity: Record<string, Verb> = {
  'enrol-code': {
    usage: 'STATE/SITE [--uses N] [--hours 24]',
    does: {
      en: 'Makes a code by which the PCs of a site are enrolled, shown this once, with the line for each PC.',
      hi: 'ऑफ़िस के PC जोड़ने का कोड बनाता है, जो एक ही बार दिखता है, हर PC की लाइन के साथ।',
    },
    words: [1, 1],
    options: {
      uses: takes('how many PCs it lets in (else as many as the site has)', 'कितने PC जुड़ सकते हैं (नहीं तो जितने ऑफ़िस में हैं)'),
      hours: takes('how long it opens (else 24)', 'कितने घंटे चलेगा (नहीं तो 24)'),
    },
    run: enrolCode,
  },
  'enrol-code list': {
    usage: '',
    does: { en: 'Lists the codes that still let PCs in, without what they are.', hi: 'चालू कोड दिखाता है, पर कोड ख़ुद नहीं।' },
    words: [0, 0],
    run: listCodes,
  },
  'enrol-code cancel': {
    usage: 'STATE/SITE',
    does: { en: 'Takes back the open codes of a site.', hi: 'ऑफ़िस के चालू कोड वापस लेता है।' },
    words: [1, 1],
    run: cancelCodes,
  },
  revoke: {
    usage: 'STATE/SITE/PC',
    does: { en: 'Shuts a PC out: it can connect no more.', hi: 'PC को बंद करता है: वह फिर नहीं जुड़ सकता।' },
    words: [1, 1],
    run: revoke,
  },
};

/** For whoever sends the lines on; `next` is what comes then. */
const phrases = {
  en: {
    one: '1 PC of {site}, until {until}, shown this once:',
    many: '{uses} PCs of {site}, until {until}, shown this once:',
    on: 'on {pc}:',
    phone:
      'By phone: on the PC "sudo sabha-agent enrol" asks for the code and the name of the centre, {name}. With the package of this centre {half} is all.',
    next: 'Next: send each line, or a photo of its code, to whoever sits at that PC. A minute later the PC is there: sabha pcs list --site {site}',
    nameless: 'Next: write the name by which PCs reach this machine for NAME; https.names in sabha.json has it printed here.',
  },
  hi: {
    one: '{site} का 1 PC, {until} तक, एक ही बार दिखता है:',
    many: '{site} के {uses} PC, {until} तक, एक ही बार दिखता है:',
    on: '{pc} पर:',
    phone: 'फ़ोन पर: PC पर "sudo sabha-agent enrol" कोड और सेंटर का नाम पूछता है, नाम: {name}। इस सेंटर के पैकेज में बस {half} काफ़ी है।',
    next: 'आगे: हर लाइन, या उसके कोड की फ़ोटो, उस PC पर बैठे व्यक्ति को भेजें। एक मिनट में PC यहाँ दिखेगा: sabha pcs list --site {site}',
    nameless: 'आगे: NAME की जगह वह नाम लिखें जिससे PC इस मशीन तक पहुँचते हैं; sabha.json में https.names लिखने पर वह यहीं छपेगा।',
  },
} as const satisfies Record<Language, Record<string, string>>;

type Made = { code: string; uses: number; ends: number; centre: string | null; pcs: string[] };

async function enrolCode({ api, by, words: [word], options, language }: Call): Promise<Answer> {
  const site = siteNamed(word);
  const wanted = Object.fromEntries(
    ['uses', 'hours'].flatMap((name) => (options[name] === undefined ? [] : [[name, numberOf(name, options[name])]])),
  );
  const made = await api.post<Made>('/api/enrol-codes', { site, by, ...wanted });
  const said = phrases[language];
  const head = filled(made.uses === 1 ? said.one : said.many, { uses: made.uses, site, until: timeText(made.ends) });
  const lines = made.pcs.flatMap((pc) => ['', filled(said.on, { pc }), ...lineFor(pc, made)]);
  const next =
    made.centre === null
      ? [said.nameless]
      : [filled(said.phone, { name: spokenName(made.centre), half: halfOf(made.code) }), filled(said.next, { site })];
  return { ok: true, json: { site, ...made }, text: [head, made.code, ...lines, '', ...next].join('\n') };
}

/** What is typed on the PC, to be copied or to be scanned and sent on. */
function lineFor(pc: string, { code, centre }: Made): string[] {
  const line = `sudo sabha-agent enrol ${code} --centre ${centre ?? 'https://NAME:8443'} --pc ${pc}`;
  return [line, ...(centre === null ? [] : [renderUnicodeCompact(line, { border: 2 })])];
}

/** The part of a code that is no pin. */
function halfOf(code: string): string {
  const groups = code.split('-');
  return groups.slice(0, groups.length / 2).join('-');
}

/** The address as it is typed on the PC, where the usual port need not be said. */
function spokenName(centre: string): string {
  const { host, hostname, port } = new URL(centre);
  return port === '8443' ? hostname : port === '' ? centre : host;
}

async function listCodes({ api }: Call): Promise<Answer> {
  const all = await api.get<EnrolCodeView[]>('/api/enrol-codes');
  const rows = all.map(({ site, uses, ends, by }) => [site, uses, timeText(ends), by]);
  return { ok: true, json: all, text: all.length === 0 ? 'no code is open' : table(['SITE', 'USES LEFT', 'UNTIL', 'MADE BY'], rows) };
}

async function cancelCodes({ api, by, words: [word] }: Call): Promise<Answer> {
  const site = siteNamed(word);
  const { cancelled } = await api.post<{ cancelled: number }>('/api/enrol-codes/cancel', { site, by });
  return { ok: true, json: { site, cancelled }, text: `${cancelled} code${cancelled === 1 ? '' : 's'} of ${site} taken back` };
}

async function revoke({ api, by, words: [pc = ''] }: Call): Promise<Answer> {
  if (!isPcPath(pc)) throw new CliError(2, `"${pc}" is no PC: expected STATE/SITE/PC`);
  await api.post(`/api/pcs/${pc}/revoke`, { by });
  return { ok: true, json: { revoked: pc }, text: `${pc} is revoked: "pcs replace" lets another machine take its place` };
}

function numberOf(name: string, text: unknown): number {
  if (!/^\d{1,6}$/.test(String(text))) throw new CliError(2, `--${name} needs a whole number`);
  return Number(text);
}
