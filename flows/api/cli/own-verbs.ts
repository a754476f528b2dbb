/** Verbs that send several requests, or that show more than the response of their route. */
import {
  type AnnouncementSummary,
  type AnnouncementView,
  type AuditLog,
  type BackupMade,
  type ChecklistItem,
  type CommandView,
  type DayView,
  type Explanation,
  faultOf,
  type IncidentReasons,
  type IncidentRow,
  type LedgerAudit,
  outageText,
  type PcView,
  type PersonExport,
  type ProfileView,
  type ReportedEvents,
  type RollCallView,
  type RosterCheck,
  type RosterPerson,
  type SiteDetail,
  siteOf,
  type TabsStep,
  type TabsTrial,
  translateLine,
  vocabulary,
  wordFor,
  zonedAt,
} from '@sabha/contracts';
import { renderUnicodeCompact } from 'uqr';
import { bridgeText, upsText } from '../../sites/columns.ts';
import { safeTable } from '../../sites/sheet.ts';
import { shortHash } from '../../storage/audit/chain.ts';
import { catalogueLines } from './kit/lines.ts';
import {
  CliError,
  type OutputLayout,
  parseIncidentNumber,
  parseNumberOption,
  parsePc,
  parseSite,
  parseTimeOption,
  type Verb,
  type VerbCall,
  type VerbOutput,
  verb,
} from './kit/model.ts';
import { answerText, firstLines, importFile, outputCsv, readyText, table, timeText, withSilent } from './kit/text.ts';

export const ownVerbs = [
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
  verb(
    'restore FILE [--check] [--passphrase-file FILE]',
    ['Makes the server of this machine again from a backup.', 'बैकअप से इस मशीन का सर्वर फिर से बनाता है।'],
    restore,
  ),
];
/** Implementations of route verbs that send several requests, by name. */
export const verbImplementations: Readonly<Record<string, Verb['run']>> = {
  'sites stage': stage,
  'roster show': showRoster,
  announced,
  'audit log': auditLog,
  events,
  'tabs try': tryTabs,
  explain,
};
/** Formatters for the response of a route, by the name of its verb. */
export const layouts: Readonly<Record<string, OutputLayout>> = {
  'enrol-code': enrolCode,
  incidents,
  'roster check': checkRoster,
  'people export': exportPerson,
  verify,
  backup,
  'rollcall start': followRollCall,
  'rollcall show': rollCallAnswer,
  cmd: followCommand,
  'cmd show': commandAnswer,
  'tabs log': tabsLog,
};
const shownOfPoint = 10;
const attendance = { here: 'on duty', off: 'off duty', leave: 'away', relieved: 'shift taken over' } as const;
/** Rows of a printed list; `--json` and `--csv` contain all. */
const shownRows = 50;
/** Interval of polling for the end of a roll call or a command. */
const pollIntervalMs = 500;

async function showPc({ api, words: [word] }: VerbCall): Promise<VerbOutput> {
  const pc = parsePc(word);
  const all = await api.get<PcView[]>(`/api/pcs?site=${encodeURIComponent(siteOf(pc))}`);
  const one = all.find((row) => row.pc === pc);
  if (one === undefined) throw new CliError(1, `there is no PC ${pc}`);
  return { ok: true, json: one, text: answerText(one) };
}

async function profile({ api, words: [path = ''] }: VerbCall): Promise<VerbOutput> {
  const view = await api.get<ProfileView>(`/api/profile${path === '' ? '' : `/${path}`}`);
  const { profile: found, origins, timeZone } = view;
  const values: Record<string, unknown> = {
    link: found.link,
    elevationM: found.elevationM,
    timeZone,
    tier: found.tier ?? 'audio',
    bridge: found.bridge ? bridgeText(found.bridge) : 'none',
    ups: found.ups ? upsText(found.ups) : 'none',
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

function enrolCode(made: EnrolCode, { words: [word], language }: VerbCall): VerbOutput {
  const site = parseSite(word);
  const { code, centre, uses } = made;
  const translated = (line: string) => translateLine(line, language, catalogueLines);
  const head = `${uses === 1 ? '1 PC' : `${uses} PCs`} of ${site}, until ${timeText(made.ends)}, shown this once:`;
  const calls = made.pcs.flatMap((pc) => {
    const line = `sudo sabha-agent enrol ${code} --centre ${centre ?? 'https://NAME:8443'} --pc ${pc}`;
    return ['', translated(`on ${pc}:`), line, ...(centre === null ? [] : [renderUnicodeCompact(line, { border: 2 })])];
  });
  // The second half of the code is a pin (hash) of the root certificate, which the package of this server already contains.
  const pieces = code.split('-');
  const half = pieces.slice(0, pieces.length / 2).join('-');
  const next =
    centre === null
      ? [
          'Next: write the name by which PCs reach this machine for NAME. They enrol over https only: sabha.json needs "https", and https.names has the name printed here.',
        ]
      : [
          `By phone: on the PC "sudo sabha-agent enrol" asks for the code and the name of the server, ${spokenName(centre)}. With the package of this server ${half} is enough.`,
          `Next: send each line, or a photo of its code, to the person at that PC. A minute later the list shows the PC: sabha pcs list --site ${site}`,
        ];
  return { ok: true, json: { site, ...made }, text: [translated(head), code, ...calls, '', ...next.map(translated)].join('\n') };
}

/** Returns the server's name as a person types it on the PC, without the default port 8443. */
function spokenName(centre: string): string {
  const { host, hostname, port } = new URL(centre);
  return port === '8443' ? hostname : port === '' ? centre : host;
}

function incidents(all: readonly IncidentRow[]): VerbOutput {
  const rows = underParents(all).map(({ one, depth }) => ({
    id: `${'  '.repeat(depth)}${one.id}`,
    severity: one.severity,
    where: `${one.site.en}, ${one.room.en}`,
    faults: `${[...new Set(one.faults.map(({ fault }) => fault))].join(' ')}${one.spread === undefined ? '' : ` (${one.spread.away.length} of ${one.spread.of})`}`,
    since: one.openedAt,
    // The same state as on the wall: snoozed, cleared and still watched, or open.
    is:
      one.over ?? (one.snoozed !== undefined ? 'quiet' : one.faults.every(({ watched }) => watched !== undefined) ? 'well again' : 'open'),
    takenBy: one.acknowledged?.by,
    cause: one.outage && outageText(one.outage, 'en'),
  }));
  return { ok: true, json: all, text: table(rows, 'id severity where faults since is takenBy cause') };
}

/** Lists each incident, with the incidents that it covers indented below it. */
function underParents(all: readonly IncidentRow[]): { one: IncidentRow; depth: number }[] {
  const ids = new Set(all.map(({ id }) => id));
  const below = Map.groupBy(all, ({ parent }) => (parent !== undefined && ids.has(parent) ? parent : 0));
  const walk = (parent: number, depth: number): { one: IncidentRow; depth: number }[] =>
    (below.get(parent) ?? []).flatMap((one) => [{ one, depth }, ...walk(one.id, depth + 1)]);
  return walk(0, 0);
}

async function stage(call: VerbCall): Promise<VerbOutput> {
  const { api, by, words, options } = call;
  const [site, to = ''] = [parseSite(words[0]), words[1]];
  await api.post(`/api/sites/${site}/stage`, { stage: to, by, force: options['force'] === true }).catch(async (error: Error) => {
    throw error.message.startsWith(`${site} is not ready to go live: `) ? new CliError(1, await openPoints(site, call)) : error;
  });
  return { ok: true, json: { site, stage: to }, text: `${site} is ${to}` };
}

/** Returns the open points of a site as readable text. The error of the API has only keys, and not all of them. */
async function openPoints(site: string, { api, language }: VerbCall): Promise<string> {
  const { checklist, pcs } = await api.get<SiteDetail>(`/api/sites/${site}`);
  const lineOf = ({ pc, component, fault }: ChecklistItem['about'][number]) => {
    const what = (fault !== null && faultOf(fault)?.title[language]) || wordFor(language, 'component', component ?? '') || component;
    return `    ${[pc, what].filter(Boolean).join(' ')}`;
  };
  const points = checklist
    .filter(({ done }) => !done)
    .flatMap(({ item, about }) => [`- ${vocabulary[language].checklist[item]}`, ...firstLines(about.map(lineOf), shownOfPoint)]);
  const noPc = '- it has no PC: "sabha sites import" adds them';
  return [`${site} is not ready to go live. Open points:`, ...(pcs.length === 0 ? [noPc] : points), 'With --force it goes live anyway.']
    .map((line) => translateLine(line, language, catalogueLines))
    .join('\n');
}

async function showRoster({ api, words: [person], options }: VerbCall): Promise<VerbOutput> {
  const { at = 'all' } = options;
  const listed = await api.get<RosterPerson[]>(`/api/roster${at === 'all' ? '' : `?scope=${encodeURIComponent(`${at}`)}`}`);
  const all = listed.filter(({ id }) => id === (person ?? id));
  const day = person === undefined ? undefined : await api.get<DayView>(`/api/roster/day?${new URLSearchParams({ person })}`);
  const rows = all.map((one) => ({
    ...one.cells,
    ...one,
    now: attendance[one.now],
    duty: one.cells['duty'] || 'always',
    channels: one.reached.join(' > ') || 'NO CHANNEL',
    oldestProof: oldestProof(one),
  }));
  const shown = table(rows, 'id name roles scopes now duty leave deputy channels oldestProof from');
  const text = [shown, ...(day === undefined ? [] : ['', ...dayLines(day)])].join('\n');
  return { ok: true, json: day === undefined ? all : { persons: all, day }, text };
}

/** Returns the shifts of the day in the person's time zone. */
function dayLines({ timeZone, shifts }: DayView): string[] {
  const clock = (at: number) => zonedAt(at, timeZone).toPlainTime().toString({ smallestUnit: 'minute' });
  const lines = shifts.map(
    (one) => `${clock(one.from)} - ${clock(one.to).replace('00:00', '24:00')}${one.for === null ? '' : ` for ${one.for}`}`,
  );
  return [`today (${timeZone}):`, ...(lines.length === 0 ? ['no duty'] : lines)];
}

/** Returns the age of the oldest proof of a channel, because a person is only as reachable as the least recently proven channel. */
function oldestProof({ reached, proofs }: RosterPerson): string {
  const unproven = reached.find((channel) => (proofs[channel] ?? null) === null);
  if (unproven !== undefined || reached.length === 0) return unproven === undefined ? '' : `${unproven}: never`;
  return timeText(Math.min(...reached.map((channel) => proofs[channel] ?? 0)));
}

/** Exit code 1 if an hour has no person on duty, a place notifies no person, or a person has no channel. */
function checkRoster(found: RosterCheck): VerbOutput {
  const { places, gaps, untold, unreached, unproven } = found;
  const spans = places.flatMap(({ scope, spans: all }) => all.flatMap((one) => (one.reached ? [{ firstPc: scope, ...one }] : [])));
  const shown = firstLines(table(spans, 'firstPc from to persons by').split('\n'), 51);
  const wrong = { gaps, placesThatNotifyNobody: untold, personsWithoutChannel: unreached, notProvenForLong: unproven };
  return { ok: gaps.length + untold.length + unreached.length === 0, json: found, text: [...shown, '', answerText(wrong)].join('\n') };
}

async function exportPerson(found: PersonExport, { words: [, file], writeText }: VerbCall): Promise<VerbOutput> {
  const text = `${JSON.stringify(found, null, 2)}\n`;
  if (file === undefined) return { ok: true, json: found, text: text.trimEnd() };
  await writeText(file, text);
  const hint = 'some rows name other people too: check the file before you pass it on';
  return { ok: true, json: { file }, text: `${file} is written: ${found.rows.length} rows; ${hint}` };
}

/** Exit code 1 if a recipient did not receive the notice. */
async function announced({ api, words: [number] }: VerbCall): Promise<VerbOutput> {
  if (number === undefined) {
    const all = await api.get<AnnouncementSummary[]>('/api/announcements');
    return { ok: true, json: all, text: table(all, 'id at by to count text') };
  }
  if (!/^[1-9]\d{0,14}$/.test(number)) throw new CliError(2, `"${number}" is not the number of a notice`);
  const view = await api.get<AnnouncementView>(`/api/announcements/${number}`);
  return { ok: view.persons.every(({ state }) => state !== 'unreached'), json: view, text: answerText(view) };
}

/**
 * Exit code 1 if the data show a gap, a repeated or altered event, or a ledger that is incomplete or was replaced. A faulty PC can claim
 * gaps and repeat its events. The audit names such PCs, and their gaps and repeats do not make the ledger incomplete.
 */
function verify(found: LedgerAudit): VerbOutput {
  const { chain, ofPcs = [], ...facts } = found;
  const isSame = found.older === undefined && found.archives === undefined && (chain?.wrong ?? []).length === 0;
  const isOfPcs = (name: 'gaps' | 'twice') => found[name] === ofPcs.reduce((sum, one) => sum + one[name], 0);
  const ok = isOfPcs('gaps') && isOfPcs('twice') && (found.altered ?? 0) === 0 && found.integrity === 'ok' && isSame;
  const whole =
    ofPcs.length === 0 ? 'no event is missing or repeated' : 'this ledger is whole; events are missing or repeated only at these PCs';
  const text = [
    answerText(facts),
    ...(chain === undefined ? [] : [`audit: ${chainText(chain)}`, ...chain.wrong.map((line) => `! audit: ${line}`)]),
    ...ofPcs.map(({ pc, gaps, twice }) => `! ${pc}: ${gaps} events missing, ${twice} repeated`),
    ...(found.at === undefined ? [] : [`by the copy of ${timeText(found.at)}; --now makes a new one`]),
    ok ? whole : 'this ledger is NOT whole',
  ];
  return { ok, json: found, text: text.join('\n') };
}

function chainText({ rows, forgotten, signed }: NonNullable<LedgerAudit['chain']>): string {
  const emptied = forgotten === 0 ? '' : `, a person taken out of ${forgotten}`;
  const by = signed === null ? 'no head signed yet' : `signed at ${timeText(signed.at)}: row ${signed.row} ${shortHash(signed.hash)}`;
  return `${rows} rows${emptied}; ${by}`;
}

async function auditLog({ api, words: [file], options, writeText, now }: VerbCall): Promise<VerbOutput> {
  const { who, since, machines, csv } = options;
  const query = {
    ...(typeof who === 'string' && { who }),
    ...(typeof since === 'string' && { since: `${parseTimeOption('since', since, { now: now() })}` }),
    ...(machines === true && { of: 'machines' }),
  };
  if (csv === true || file !== undefined)
    return outputCsv(await api.text(`/api/audit/log.csv?${new URLSearchParams(query)}`), file, writeText);
  const acts: AuditLog['acts'] = [];
  for (let more = {}; ; ) {
    const page: AuditLog = await api.get(`/api/audit/log?${new URLSearchParams({ ...query, ...more })}`);
    acts.push(...page.acts);
    if (page.before === null) break;
    more = { before: `${page.before}` };
  }
  return { ok: true, json: acts, text: firstLines(table(acts, 'at id who what about').split('\n'), shownRows + 1).join('\n') };
}

async function events({ api, words: [of = '', file], options, language, writeText, say, now }: VerbCall): Promise<VerbOutput> {
  const { since = '1d', until, readings, csv } = options;
  const query = new URLSearchParams({
    of,
    from: `${parseTimeOption('since', String(since), { now: now() })}`,
    to: `${typeof until === 'string' ? parseTimeOption('until', until, { now: now(), ends: true }) : now()}`,
    ...(readings === true && { readings: 'true' }),
  });
  const found = await api.get<ReportedEvents>(`/api/events?${query}`);
  const { next } = found;
  const cut = next === null ? [] : [`only the first ${found.events.length} are shown: --since ${new Date(next).toISOString()} shows more`];
  const notes = [...found.missing, ...cut].map((line) => `! ${translateLine(line, language, catalogueLines)}`);
  const ok = notes.length === 0;
  if (csv === true || file !== undefined) {
    notes.forEach(say);
    return { ...(await outputCsv(csvOf(found.events), file, writeText)), ok };
  }
  const shown = firstLines(table(found.events, 'time pc kind body received').split('\n'), shownRows + 1);
  return { ok, json: found, text: [...shown, ...notes].join('\n') };
}

function csvOf(all: ReportedEvents['events']): string {
  const iso = (ms: number) => new Date(ms).toISOString();
  const rows = all.map(({ time, received, pc, kind, body, grade, boot, spool, seq }) => {
    return [iso(time), iso(received), pc, kind, JSON.stringify(body), grade, boot, spool, `${seq}`];
  });
  return `\ufeff${safeTable(['when', 'received', 'pc', 'kind', 'said', 'grade', 'boot', 'spool', 'number'], rows)}`;
}

/** Saves a backup beside the hourly ones, and copies it to a named file. */
async function backup(made: BackupMade, { words: [to], copyFile }: VerbCall): Promise<VerbOutput> {
  if (to !== undefined) await copyFile(made.file, to);
  const json = { ...made, file: to ?? made.file };
  return { ok: true, json, text: answerText(json) };
}

/** Restores without a server; the server must not run. */
async function restore({ words: [file = ''], options, restore: run }: VerbCall): Promise<VerbOutput> {
  const { check = false, 'passphrase-file': passphraseFile } = options;
  const done = await run({ file, check: check === true, passphraseFile: typeof passphraseFile === 'string' ? passphraseFile : undefined });
  const { about, audit: found, aside, left } = done;
  const holds = `${file} is whole: ${found.events} events, ${found.incidents.raised} incidents, of ${timeText(about.at)}`;
  if (check === true) return { ok: true, json: done, text: holds };
  const text = [
    holds,
    `it is in use now; the actions of people after ${timeText(about.at)} are lost, and the PCs send again what they still have`,
    ...aside.map((path) => `the earlier files: ${path}`),
    ...(left === undefined ? [] : [`! archives were not restored: ${left}`]),
    ...(found.chain?.wrong ?? []).map((line) => `! its audit: ${line}`),
    'check the accounts (sabha accounts list) first: accounts that were removed since then are back',
  ];
  return { ok: true, json: done, text: text.join('\n') };
}

async function followRollCall({ id }: { id: string }, call: VerbCall): Promise<VerbOutput> {
  if (call.options['wait'] !== true) return { ok: true, json: { id }, text: id };
  call.say(`roll call ${id} runs`);
  let shown = -1;
  const view = await finished<RollCallView>(call, `/api/rollcalls/${encodeURIComponent(id)}`, ({ finishedAt, counts }) => {
    if (finishedAt === null && counts.answered !== shown) call.say(`${counts.answered} of ${counts.expected} have answered`);
    shown = counts.answered;
    return finishedAt !== null;
  });
  return rollCallAnswer(view);
}

async function followCommand({ id }: { id: string }, call: VerbCall): Promise<VerbOutput> {
  if (call.options['wait'] !== true) return { ok: true, json: { id }, text: id };
  call.say(`command ${id} is on its way`);
  return commandAnswer(await finished<CommandView>(call, `/api/commands/${encodeURIComponent(id)}`, ({ state }) => state !== 'open'));
}

/** Polls a roll call or a command until it ends. Both end by themselves: a roll call has a deadline, and a command expires. */
async function finished<View>({ api, pause }: VerbCall, path: string, isOver: (view: View) => boolean): Promise<View> {
  for (;;) {
    const view = await api.get<View>(path);
    if (isOver(view)) return view;
    await pause(pollIntervalMs);
  }
}

/** Exit code 0 if at least one room was called and every room is ready. */
function rollCallAnswer(view: RollCallView): VerbOutput {
  const { rows, ...about } = view;
  const bad = rows
    .filter(({ readiness }) => readiness !== 'ready')
    .map((row) => ({ ...row, is: row.after === null ? 'silent' : row.readiness }));
  const none = about.counts.expected === 0 ? 'no room was called' : `every room is ${readyText('ready')}`;
  const shown = { ...about, states: about.states.map((one) => ({ state: one.state, ...withSilent(one) })) };
  const text = [answerText(shown), ...(bad.length === 0 ? [none] : ['rooms:', table(bad, 'pc room is why heardAt owner')])].join('\n');
  return { ok: view.finishedAt !== null && about.counts.expected > 0 && about.counts.ready === about.counts.expected, json: view, text };
}

function tabsLog(steps: readonly TabsStep[]): VerbOutput {
  const text = steps.map(({ at, who, what, about }) => `${timeText(at)}  ${who}: ${what}, ${about.replaceAll('\n', '\n  ')}`);
  return { ok: true, json: steps, text: text.join('\n') || 'nobody has changed the tabs' };
}

/** Exit code 0 if every PC has carried out the command. */
function commandAnswer(view: CommandView): VerbOutput {
  const { answers, missing, ...about } = view;
  const silent = missing.map((pc) => ({ pc, outcome: view.state === 'open' ? 'not yet' : 'no answer' }));
  const lines = answers.flatMap((one) => (one.lines ?? []).map((line) => (answers.length > 1 ? `${one.pc}: ${line}` : line)));
  const text = [answerText(about), table([...answers, ...silent], 'pc outcome reason at'), ...lines].join('\n');
  return { ok: missing.length === 0 && answers.every(({ outcome }) => outcome === 'done'), json: view, text };
}

/** A folder replaces all tabs, a file only the tabs in it. Exit code 1 if an alert is missed, delayed, or not concluded. */
async function tryTabs({ api, words: [path = ''], options, readTexts }: VerbCall): Promise<VerbOutput> {
  const days = parseNumberOption('days', options['days'] ?? '30');
  const found = await api.post<TabsTrial>('/api/tabs/try', { ...(await readTexts(path, '.json')), days });
  return { ok: found.missedCount + found.laterCount + found.unfinished === 0, json: found, text: answerText(found) };
}

/** Exit code 1 if the message reaches no `conclude` node. */
async function explain({ api, words: [scope, fault], options }: VerbCall): Promise<VerbOutput> {
  if (options['incident'] !== undefined) {
    const id = parseIncidentNumber(`${options['incident']}`);
    const found = await api.get<IncidentReasons>(`/api/incidents/${id}/reasons`);
    const text = [
      `incident ${id} of ${found.scope}${found.parent === null ? '' : `, explained by incident ${found.parent}`}`,
      ...found.acknowledged.map(({ at, by }) => `${timeText(at)}  acknowledged by ${by}`),
      ...found.steps.flatMap(stepLines),
    ];
    return { ok: true, json: found, text: text.join('\n') };
  }
  if (scope === undefined || fault === undefined) throw new CliError(2, 'explain takes a place and a fault, or --incident with its number');
  const found = await api.get<Explanation>(`/api/explain?${new URLSearchParams({ scope, fault })}`);
  const all = found.tells.map(({ afterMs, name, channel, severity }) => ({ afterMs, name, channel, severity }));
  const tells = [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
  const texts = new Set(found.tells.map(({ text }) => text.trim()));
  const end = found.how === null ? ['it reaches no conclude: the default route would notify central'] : [];
  return { ok: found.how !== null, json: found, text: [answerText({ ...found, tells }), ...texts, ...end].join('\n\n') };
}

function stepLines({ at, kind, faults, severity, passes, sent, said }: IncidentReasons['steps'][number]): string[] {
  return [
    `${timeText(at)}  ${kind}: ${faults.join(' ')} (${severity})`,
    ...passes.flatMap((pass) => [`  ${timeText(pass.at)}  ${pass.how} (tabs ${pass.tabs})`, `    ${pass.path}`]),
    `  ${sent[0] === undefined ? '' : `${timeText(sent[0].at)}  `}${said.en}`,
  ];
}
