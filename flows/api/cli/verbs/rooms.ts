/** The verbs of PCs, sites and incidents that are more than one request, or show more than the answer has. */

import {
  type ChecklistItem,
  faultOf,
  type IncidentRow,
  lineIn,
  outageText,
  type PcView,
  type ProfileView,
  type SiteDetail,
  siteOf,
  vocabulary,
  wordFor,
} from '@sabha/contracts';
import { renderUnicodeCompact } from 'uqr';
import { bridgeText, upsText } from '../../../sites/columns.ts';
import { importFile } from '../kit/files.ts';
import { lines } from '../kit/lines.ts';
import { type Answer, type Call, CliError } from '../kit/model.ts';
import { answerText, firstOf, table, timeText } from '../kit/text.ts';
import { incidentNamed, pcNamed, siteNamed, verb } from '../kit/usage.ts';

/** In the order of help. */
export const roomVerbs = [
  verb('pcs show STATE/SITE/PC', ['Shows a PC with all its checks.', 'एक PC और उसकी सारी जाँचें दिखाता है।'], showPc),
  verb(
    'profile [STATE[/SITE[/PC]]]',
    ['Shows what is expected at a place, and where each value comes from.', 'दिखाता है कि किसी जगह क्या होना चाहिए, और हर मान कहाँ से आया।'],
    profile,
  ),
  verb(
    'config stage FILE [--yes] [--dry-run]',
    [
      'Loads the table of sites and sends the new configuration out in stages; without --yes it shows what would change.',
      'ऑफ़िसों की सूची लेता है, और नई सेटिंग थोड़े-थोड़े PC पर भेजता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    ],
    (call) => importFile(call, '/api/sites/import', { field: 'csv', body: { staged: true } }),
  ),
];
/** By the name of the verb, as the next. */
export const roomRuns = { 'incidents snooze': snooze, 'sites stage': stage };
export const roomLayouts = { 'enrol-code': enrolCode, incidents };

async function showPc({ api, words: [word] }: Call): Promise<Answer> {
  const pc = pcNamed(word);
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

type EnrolCode = { code: string; uses: number; ends: number; centre: string | null; pcs: string[] };

function enrolCode(made: EnrolCode, { words: [word], language }: Call): Answer {
  const site = siteNamed(word);
  const { code, centre, uses } = made;
  const said = (line: string) => lineIn(line, language, lines);
  const head = `${uses === 1 ? '1 PC' : `${uses} PCs`} of ${site}, until ${timeText(made.ends)}, shown this once:`;
  const calls = made.pcs.flatMap((pc) => {
    const line = `sudo sabha-agent enrol ${code} --centre ${centre ?? 'https://NAME:8443'} --pc ${pc}`;
    return ['', said(`on ${pc}:`), line, ...(centre === null ? [] : [renderUnicodeCompact(line, { border: 2 })])];
  });
  // The second half of the code is a pin.
  const pieces = code.split('-');
  const half = pieces.slice(0, pieces.length / 2).join('-');
  const next =
    centre === null
      ? ['Next: write the name by which PCs reach this machine for NAME; https.names in sabha.json has it printed here.']
      : [
          `By phone: on the PC "sudo sabha-agent enrol" asks for the code and the name of the centre, ${spokenName(centre)}. With the package of this centre ${half} is all.`,
          `Next: send each line, or a photo of its code, to whoever sits at that PC. A minute later the PC is there: sabha pcs list --site ${site}`,
        ];
  return { ok: true, json: { site, ...made }, text: [said(head), code, ...calls, '', ...next.map(said)].join('\n') };
}

/** The address as it is typed on the PC, where the usual port is not needed. */
function spokenName(centre: string): string {
  const { host, hostname, port } = new URL(centre);
  return port === '8443' ? hostname : port === '' ? centre : host;
}

function incidents(all: readonly IncidentRow[]): Answer {
  const rows = underParents(all).map(({ one, depth }) => ({
    id: `${'  '.repeat(depth)}${one.id}`,
    severity: one.severity,
    where: `${one.site.en}, ${one.room.en}`,
    faults: `${[...new Set(one.faults.map(({ fault }) => fault))].join(' ')}${one.spread === undefined ? '' : ` (${one.spread.away.length} of ${one.spread.of})`}`,
    since: one.openedAt,
    is: one.over ?? stateOf(one),
    takenBy: one.acknowledged?.by,
    cause: one.outage && outageText(one.outage, 'en'),
  }));
  return { ok: true, json: all, text: table(rows, 'id severity where faults since is takenBy cause') };
}

/** How it stands with an incident that is not over, as the wall has it: it is quiet, all of it is well and watched, or it is open. */
function stateOf({ snoozed, faults }: IncidentRow): string {
  if (snoozed !== undefined) return 'quiet';
  return faults.every(({ watched }) => watched !== undefined) ? 'well again' : 'open';
}

/** Each incident, with those that it explains indented below it. */
function underParents(all: readonly IncidentRow[]): { one: IncidentRow; depth: number }[] {
  const ids = new Set(all.map(({ id }) => id));
  const below = Map.groupBy(all, ({ parent }) => (parent !== undefined && ids.has(parent) ? parent : 0));
  const walk = (parent: number, depth: number): { one: IncidentRow; depth: number }[] =>
    (below.get(parent) ?? []).flatMap((one) => [{ one, depth }, ...walk(one.id, depth + 1)]);
  return walk(0, 0);
}

async function snooze({ api, by, language, words: [id, time = ''] }: Call): Promise<Answer> {
  const incident = incidentNamed(id);
  const until = await untilOf(time, api);
  await api.post(`/api/incidents/${incident}/snooze`, { by, until });
  const text = `incident ${incident} is quiet until ${timeText(until)}, unless it gets worse`;
  return { ok: true, json: { incident, by, until }, text: lineIn(text, language, lines) };
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

const shownOfPoint = 10;

async function stage(call: Call): Promise<Answer> {
  const { api, by, words, options } = call;
  const [site, to = ''] = [siteNamed(words[0]), words[1]];
  await api.post(`/api/sites/${site}/stage`, { stage: to, by, force: options['force'] === true }).catch(async (error: Error) => {
    throw error.message.startsWith(`${site} is not ready to go live: `) ? new CliError(1, await openPoints(site, call)) : error;
  });
  return { ok: true, json: { site, stage: to }, text: `${site} is ${to}` };
}

/** What a site lacks, in the words of people: the line of the API names keys, and not all of them. */
async function openPoints(site: string, { api, language }: Call): Promise<string> {
  const { checklist, pcs } = await api.get<SiteDetail>(`/api/sites/${site}`);
  const lineOf = ({ pc, component, fault }: ChecklistItem['about'][number]) => {
    const what = (fault !== null && faultOf(fault)?.title[language]) || wordFor(language, 'component', component ?? '') || component;
    return `    ${[pc, what].filter(Boolean).join(' ')}`;
  };
  const points = checklist
    .filter(({ done }) => !done)
    .flatMap(({ item, about }) => [`- ${vocabulary[language].checklist[item]}`, ...firstOf(about.map(lineOf), shownOfPoint)]);
  const noPc = '- it has no PC: "sabha sites import" brings them';
  return [
    `${site} is not ready to go live. What is not done yet:`,
    ...(pcs.length === 0 ? [noPc] : points),
    'With --force it goes live all the same.',
  ]
    .map((line) => lineIn(line, language, lines))
    .join('\n');
}
