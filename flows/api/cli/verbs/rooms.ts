/** The verbs of PCs, sites and incidents that are more than one request, or show more than the answer has. */
import { renderUnicodeCompact } from 'uqr';
import { filled, type IncidentRow, isPcPath, type Language, outageText, type PcView, type ProfileView, siteOf } from '#contracts';
import { bridgeText, upsText } from '../../../sites/columns.ts';
import { type Answer, type Call, CliError } from '../kit/model.ts';
import { answerText, table, timeText } from '../kit/text.ts';
import { incidentNamed, numberOf, siteNamed, verb } from '../kit/usage.ts';

/** In the order of help. */
export const roomVerbs = [
  verb('pcs show STATE/SITE/PC', ['Shows a PC with all its checks.', 'एक PC और उसकी सारी जाँचें दिखाता है।'], showPc),
  verb(
    'profile [STATE[/SITE[/PC]]]',
    ['Shows what is expected at a place, and where each value comes from.', 'दिखाता है कि किसी जगह क्या होना चाहिए, और हर मान कहाँ से आया।'],
    profile,
  ),
  verb(
    'enrol-code STATE/SITE [--uses N] [--hours 24]',
    [
      'Makes a code by which the PCs of a site are enrolled, shown this once, with the line for each PC.',
      'ऑफ़िस के PC जोड़ने का कोड बनाता है, जो एक ही बार दिखता है, हर PC की लाइन के साथ।',
    ],
    enrolCode,
  ),
  verb('incidents [--open]', ['Lists the incidents.', 'अलर्ट की सूची दिखाता है।'], incidents),
  verb(
    'incidents snooze ID 90m|2h|2027-01-15T18:30+05:30',
    ['Keeps an incident quiet until a time, unless it gets worse.', 'अलर्ट को कुछ समय के लिए रोकता है।'],
    snooze,
  ),
];

async function showPc({ api, words: [pc = ''] }: Call): Promise<Answer> {
  if (!isPcPath(pc)) throw new CliError(2, `"${pc}" is no PC: expected STATE/SITE/PC`);
  const all = await api.get<PcView[]>(`/api/pcs?site=${encodeURIComponent(siteOf(pc))}`);
  const one = all.find((row) => row.pc === pc);
  if (one === undefined) throw new CliError(1, `there is no PC ${pc}`);
  return { ok: true, json: one, text: answerText(one) };
}

async function profile({ api, words: [path = ''] }: Call): Promise<Answer> {
  const view = await api.get<ProfileView>(`/api/profile${path === '' ? '' : `/${path}`}`);
  const { profile: found, origins, timeZone } = view;
  const values: Record<string, unknown> = {
    link: found.link,
    elevationM: found.elevationM,
    timeZone,
    tier: found.tier ?? 'audio',
    bridge: bridgeText(found.bridge ?? null),
    ups: upsText(found.ups ?? null),
    help: found.help ?? 'none',
    languages: found.languages?.join(', ') ?? 'all',
  };
  for (const [kind, devices] of Object.entries(found.expected))
    values[`expected.${kind}`] = devices?.map(({ match }) => match ?? 'any').join(', ') || 'none';
  const originOf = (name: string) => (origins[name] === '' ? 'the nation' : (origins[name] ?? 'built-in default'));
  const rows = Object.entries(values).map(([value, is]) => ({ value, is, setBy: originOf(value) }));
  const drifting = view.pcs.filter(({ wanted, held }) => wanted !== held);
  const text = [table(rows), '', `PCs: ${view.pcs.length}; with another version than wanted: ${drifting.length}`];
  if (drifting.length > 0) text.push(table(drifting));
  return { ok: true, json: view, text: text.join('\n') };
}

/** For a person who sends the lines on; `next` is the next step. */
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

type EnrolCode = { code: string; uses: number; ends: number; centre: string | null; pcs: string[] };

async function enrolCode({ api, by, words: [word], options, language }: Call): Promise<Answer> {
  const site = siteNamed(word);
  const limits = Object.entries(options).map(([name, text]) => [name, numberOf(name, text)]);
  const made = await api.post<EnrolCode>('/api/enrol-codes', { site, by, ...Object.fromEntries(limits) });
  const { code, centre, uses } = made;
  const said = phrases[language];
  const head = filled(uses === 1 ? said.one : said.many, { uses, site, until: timeText(made.ends) });
  const lines = made.pcs.flatMap((pc) => {
    const line = `sudo sabha-agent enrol ${code} --centre ${centre ?? 'https://NAME:8443'} --pc ${pc}`;
    return ['', filled(said.on, { pc }), line, ...(centre === null ? [] : [renderUnicodeCompact(line, { border: 2 })])];
  });
  // The second half of the code is a pin.
  const half = code.slice(
    0,
    code
      .split('-')
      .slice(0, code.split('-').length / 2)
      .join('-').length,
  );
  const next = centre === null ? [said.nameless] : [filled(said.phone, { name: spokenName(centre), half }), filled(said.next, { site })];
  return { ok: true, json: { site, ...made }, text: [head, code, ...lines, '', ...next].join('\n') };
}

/** The address as it is typed on the PC, where the usual port is not needed. */
function spokenName(centre: string): string {
  const { host, hostname, port } = new URL(centre);
  return port === '8443' ? hostname : port === '' ? centre : host;
}

async function incidents({ api, options }: Call): Promise<Answer> {
  const all = await api.get<IncidentRow[]>(options['open'] === true ? '/api/incidents?open=true' : '/api/incidents');
  const rows = underParents(all).map(({ one, depth }) => ({
    id: `${'  '.repeat(depth)}${one.id}`,
    severity: one.severity,
    where: `${one.site.en}, ${one.room.en}`,
    faults: `${one.faults.map(({ fault }) => fault).join(' ')}${one.spread === undefined ? '' : ` (${one.spread.away.length} of ${one.spread.of})`}`,
    since: one.openedAt,
    is: one.over ?? 'open',
    takenBy: one.acknowledged?.by,
    cause: one.outage && outageText(one.outage, 'en'),
  }));
  return { ok: true, json: all, text: table(rows, 'id severity where faults since is takenBy cause') };
}

/** Each incident, with those that it explains indented below it. */
function underParents(all: readonly IncidentRow[]): { one: IncidentRow; depth: number }[] {
  const ids = new Set(all.map(({ id }) => id));
  const below = Map.groupBy(all, ({ parent }) => (parent !== undefined && ids.has(parent) ? parent : 0));
  const walk = (parent: number, depth: number): { one: IncidentRow; depth: number }[] =>
    (below.get(parent) ?? []).flatMap((one) => [{ one, depth }, ...walk(one.id, depth + 1)]);
  return walk(0, 0);
}

async function snooze({ api, by, words: [id, time = ''] }: Call): Promise<Answer> {
  const incident = incidentNamed(id);
  const until = await untilOf(time, api);
  await api.post(`/api/incidents/${incident}/snooze`, { by, until });
  return { ok: true, json: { incident, by, until }, text: `incident ${incident} is quiet until ${timeText(until)}, unless it gets worse` };
}

/** A time from now by the clock of the server, or one with its zone. */
async function untilOf(time: string, api: Call['api']): Promise<number> {
  const [, count = '', unit = ''] = /^(\d{1,4})([mh])$/.exec(time) ?? [];
  if (unit !== '') return (await api.get<{ at: number }>('/api/snapshot')).at + Number(count) * (unit === 'h' ? 3_600_000 : 60_000);
  try {
    return Temporal.Instant.from(time).epochMilliseconds;
  } catch {
    throw new CliError(2, `"${time}" is no time: 90m, 2h, or 2027-01-15T18:30+05:30`);
  }
}
