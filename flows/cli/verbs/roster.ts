/** The verbs of the roster. */
import {
  type DayView,
  type DutyView,
  type PersonExport,
  type PersonForgotten,
  type ProofView,
  type RosterCheck,
  type RosterImport,
  type RosterPerson,
  type ShiftView,
  zonedAt,
} from '#contracts';
import { importFile, importOptions } from '../kit/imports.ts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { takes, takesMany, usual } from '../kit/options.ts';
import { firstOf, table, timeText } from '../kit/text.ts';

/** Other words by which somebody stands: an older phone, the name of an account. */
const also = takesMany('another word by which the person stands: an older phone, an account', 'व्यक्ति का दूसरा नाम: पुराना फ़ोन, अकाउंट');

/** By their words. */
export const roster: Record<string, Verb> = {
  'roster import': {
    usage: 'FILE [--replace] [--yes]',
    does: {
      en: 'Loads the people who are told from a CSV file; without --yes it shows what would change.',
      hi: 'जिन्हें ख़बर जाती है उनकी सूची CSV से लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    },
    words: [1, 1],
    options: { replace: usual.replace, ...importOptions },
    run: importRoster,
  },
  'roster export': {
    usage: '[FILE]',
    does: {
      en: 'Writes the people who are told as CSV, into a file or here.',
      hi: 'जिन्हें ख़बर जाती है उनकी सूची CSV में लिखता है, फ़ाइल में या यहीं।',
    },
    words: [0, 1],
    run: exportAll,
  },
  'roster show': {
    usage: '[PERSON] [--at STATE[/SITE]|group:NAME]',
    does: {
      en: 'Shows who is told, and over which channels; of one person all.',
      hi: 'दिखाता है कि किसे और किस रास्ते ख़बर जाती है; एक व्यक्ति का पूरा ब्योरा भी।',
    },
    words: [0, 1],
    options: { at: usual.at },
    run: show,
  },
  'roster duty': {
    usage: '[STATE[/SITE]|group:NAME]',
    does: { en: 'Shows who is told now, and why.', hi: 'दिखाता है कि अभी किसे ख़बर जाएगी, और क्यों।' },
    words: [0, 1],
    run: duty,
  },
  'roster leave': {
    usage: 'PERSON FROM..TO|none [--deputy PERSON]',
    does: { en: 'Notes days off; news goes to the deputy then.', hi: 'छुट्टी लिखता है; तब ख़बर उनकी जगह वाले को जाती है।' },
    words: [2, 2],
    options: { deputy: takes('who is told instead', 'उनकी जगह किसे ख़बर जाए') },
    run: leave,
  },
  'roster check': {
    usage: '[--days DAYS] [--at STATE[/SITE]|group:NAME]',
    does: { en: 'Looks for hours and places in which nobody would be told.', hi: 'वे समय और जगहें ढूँढता है जहाँ किसी को ख़बर नहीं जाएगी।' },
    words: [0, 0],
    options: { days: usual.days, at: usual.at },
    run: check,
  },
  'notify test': {
    usage: 'PERSON [--channel CHANNEL]',
    does: {
      en: 'Sends a test message to a person, and says whether it arrived.',
      hi: 'किसी को जाँच का संदेश भेजता है, और बताता है कि पहुँचा या नहीं।',
    },
    words: [1, 1],
    options: { channel: takes('over this channel only', 'सिर्फ़ इस रास्ते से') },
    run: notifyTest,
  },
  'roster take': {
    usage: 'PERSON --from PERSON',
    does: { en: 'Gives the shift of one person to another.', hi: 'एक व्यक्ति की शिफ़्ट दूसरे को देता है।' },
    words: [1, 1],
    options: { from: takes('the person whose shift it is', 'जिसकी शिफ़्ट है') },
    run: take,
  },
  'devices remove': {
    usage: 'PERSON',
    does: {
      en: 'Sends a person no notifications on any device any more, such as where a phone was stolen.',
      hi: 'किसी के किसी भी डिवाइस पर अब नोटिफ़िकेशन नहीं भेजता, जैसे फ़ोन चोरी होने पर।',
    },
    words: [1, 1],
    run: removeDevices,
  },
  'roster remove': {
    usage: 'PERSON',
    does: { en: 'Takes a person out of the roster.', hi: 'किसी को सूची से हटाता है।' },
    words: [1, 1],
    run: remove,
  },
  'people export': {
    usage: 'NAME [FILE] [--also WORD]...',
    does: { en: 'Writes all that stands of a person.', hi: 'किसी व्यक्ति के बारे में जो भी लिखा है, सब निकालता है।' },
    words: [1, 2],
    options: { also },
    run: exportPerson,
  },
  'people forget': {
    usage: 'NAME [--also WORD]... [--yes]',
    does: {
      en: 'Takes the name of a person out everywhere; without --yes it counts only.',
      hi: 'किसी का नाम हर जगह से हटाता है; --yes के बिना सिर्फ़ गिनता है।',
    },
    words: [1, 1],
    options: { also, yes: usual.yes },
    run: forget,
  },
};

function importRoster(call: Call): Promise<Answer> {
  const { replace = false } = call.options;
  const lines = ({ difference }: RosterImport) => differenceLines(difference);
  return importFile(call, { path: '/api/roster/import', body: (csv) => ({ csv, replace }), lines });
}

function differenceLines({ added, changed, removed, same, missing }: RosterImport['difference']): string[] {
  const people = new Set(changed.map(({ person }) => person)).size;
  return [
    ...firstOf(added.map((id) => `+ ${id}`)),
    ...firstOf(changed.map(({ person, column, from, to }) => `~ ${person} ${column}: "${from}" becomes "${to}"`)),
    ...firstOf(removed.map((id) => `- ${id}`)),
    `${added.length} added, ${people} changed, ${removed.length} removed, ${same} the same, ${missing.length} not in the file (left as they are)`,
  ];
}

async function exportAll({ api, words: [file], writeText }: Call): Promise<Answer> {
  const text = await api.text('/api/roster.csv');
  if (file === undefined) return { ok: true, json: { csv: text }, text };
  await writeText(file, text);
  return { ok: true, json: { file }, text: `written to ${file}` };
}

const attendance = { here: 'on duty', off: 'off duty', leave: 'away', relieved: 'shift taken over' } as const;

async function show({ api, words: [person], options }: Call): Promise<Answer> {
  const listed = await api.get<RosterPerson[]>(`/api/roster${scopeQuery(options['at'])}`);
  const all = listed.filter(({ id }) => id === (person ?? id));
  const day = person === undefined ? undefined : await api.get<DayView>(`/api/roster/day?${new URLSearchParams({ person })}`);
  const rows = all.map(({ id, name, from, now, cells, reached, proofs }) => [
    id,
    name,
    cells['roles'],
    cells['scopes'],
    attendance[now],
    cells['duty'] || 'always',
    cells['leave'],
    cells['deputy'],
    reached.join(' > ') || 'NO CHANNEL',
    oldestProof(reached, proofs),
    from,
  ]);
  const header = ['ID', 'NAME', 'ROLES', 'SCOPES', 'NOW', 'DUTY', 'AWAY', 'DEPUTY', 'CHANNELS', 'OLDEST PROOF', 'FROM'];
  const text = [table(header, rows), ...(day === undefined ? [] : ['', ...dayLines(day)])].join('\n');
  return { ok: true, json: day === undefined ? all : { persons: all, day }, text };
}

/** By the clock of the person, as the wall has it. */
function dayLines({ timeZone, shifts }: DayView): string[] {
  const clock = (at: number) => zonedAt(at, timeZone).toPlainTime().toString({ smallestUnit: 'minute' });
  // The end of the day, not its beginning.
  const end = (at: number) => clock(at).replace('00:00', '24:00');
  const lines = shifts.map((one) => `${clock(one.from)} - ${end(one.to)}${one.for === null ? '' : ` for ${one.for}`}`);
  return [`today (${timeZone}):`, ...(lines.length === 0 ? ['no duty'] : lines)];
}

/** A person is as well proven as the channel that was proven longest ago. */
function oldestProof(reached: readonly string[], proofs: RosterPerson['proofs']): string {
  const unproven = reached.find((channel) => (proofs[channel] ?? null) === null);
  if (reached.length === 0) return '';
  return unproven === undefined ? timeText(Math.min(...reached.map((channel) => proofs[channel] ?? 0))) : `${unproven}: never`;
}

async function duty({ api, words: [scope] }: Call): Promise<Answer> {
  const view = await api.get<DutyView>(`/api/roster/duty${scopeQuery(scope)}`);
  const rows = view.roles.map(({ role, by, persons }) => [role, persons.map(({ name, id }) => `${name} (${id})`).join(', '), byWords[by]]);
  return { ok: true, json: view, text: table(['ROLE', 'WHO IS TOLD NOW', 'WHY'], rows) };
}

const byWords: Readonly<Record<DutyView['roles'][number]['by'], string>> = {
  duty: 'on duty',
  deputy: 'stands in',
  state: 'nobody on duty: the state',
  central: 'nobody on duty: central',
  nobody: 'nobody is on duty anywhere: all of central',
};

/** A no where an hour has nobody, a place is told to nobody, or somebody has no channel. */
async function check({ api, options }: Call): Promise<Answer> {
  const query = new URLSearchParams();
  if (typeof options['days'] === 'string') query.set('days', options['days']);
  if (typeof options['at'] === 'string' && options['at'] !== 'all') query.set('scope', options['at']);
  const found = await api.get<RosterCheck>(`/api/roster/check?${query}`);
  const { places, gaps, untold, unreached, unproven } = found;
  const who = (persons: readonly string[]) => persons.join(', ') || 'all of central, whatever the hour';
  const span = ({ from, to }: { from: number; to: number }) => `${timeText(from)} to ${timeText(to)}`;
  const listed = places.flatMap(({ scope, spans }) => spans.map((one) => [scope, span(one), who(one.persons), checkWords[one.by]]));
  const lines = [
    ...firstOf(gaps.map((gap) => `! ${gap.scope} ${span(gap)}: ${gapText(gap)}`)),
    ...firstOf(untold.map((scope) => `! ${scope}: the tabs tell nobody`)),
    ...firstOf(unreached.map((id) => `! ${id}: no channel reaches this person`)),
    ...firstOf(unproven.map(({ person, channel, at: proven }) => `~ ${person}: ${channel} ${provenText(proven)}`)),
    `${gaps.length} gaps, ${untold.length} sites told to nobody, ${unreached.length} persons without a channel, ${unproven.length} without a proof for long`,
  ];
  const ok = gaps.length + untold.length + unreached.length === 0;
  const shown = table(['FIRST PC', 'HOURS', 'WHO IS TOLD', 'WHY'], listed.slice(0, spansShown));
  const more = listed.length > spansShown ? [`... and ${listed.length - spansShown} more (--json shows all)`] : [];
  return { ok, json: found, text: [shown, ...more, '', ...lines].join('\n') };
}

const spansShown = 50;

function provenText(at: number | null): string {
  return at === null ? 'was never tried' : `was last tried on ${timeText(at)}`;
}

function gapText({ persons, by }: RosterCheck['gaps'][number]): string {
  return by === 'nobody' ? 'nobody is on duty anywhere' : `no channel reaches ${persons.join(', ')}`;
}

const checkWords: Readonly<Record<RosterCheck['gaps'][number]['by'], string>> = {
  duty: 'on duty',
  deputy: 'stands in',
  state: 'the state',
  central: 'central',
  nobody: 'nobody on duty',
};

async function leave({ api, by, words: [person = '', days = ''], options }: Call): Promise<Answer> {
  const deputy = typeof options['deputy'] === 'string' ? { deputy: options['deputy'] } : {};
  await api.post('/api/roster/leave', { person, days: days === 'none' ? '' : days, ...deputy, by });
  return { ok: true, json: { person, days }, text: days === 'none' ? `${person} has no days off` : `${person} is away: ${days}` };
}

async function notifyTest({ api, by, words: [person = ''], options }: Call): Promise<Answer> {
  const channel = typeof options['channel'] === 'string' ? { channel: options['channel'] } : {};
  const view = await api.post<ProofView>('/api/roster/test', { person, ...channel, by });
  const said = { delivered: 'delivered', retry: 'not delivered', refused: 'refused', locked: 'our login is refused' } as const;
  const rows = view.results.map(({ channel: name, result, at, reason }) => [name, said[result], timeText(at), reason]);
  const ok = view.results.every(({ result }) => result === 'delivered');
  return { ok, json: view, text: table(['CHANNEL', 'RESULT', 'AT', 'WHY'], rows) };
}

async function take({ api, by, words: [person = ''], options: { from } }: Call): Promise<Answer> {
  if (typeof from !== 'string') throw new CliError(2, 'roster take needs --from: the person whose shift it is');
  const shift = await api.post<ShiftView>('/api/roster/take', { person, from, by });
  return { ok: true, json: shift, text: `${person} has the shift of ${from} until ${timeText(shift.until)}; ${from} is told` };
}

async function remove({ api, by, words: [person = ''] }: Call): Promise<Answer> {
  await api.post('/api/roster/remove', { person, by });
  return { ok: true, json: { person }, text: `${person} is removed` };
}

async function removeDevices({ api, by, words: [person = ''] }: Call): Promise<Answer> {
  const done = await api.post<{ removed: number }>('/api/devices/remove-all', { person, by });
  return { ok: true, json: done, text: `${person}: ${done.removed} taken off; who has them can add them again by a login` };
}

async function exportPerson({ api, by, words: [name = '', file], options, writeText }: Call): Promise<Answer> {
  const found = await api.post<PersonExport>('/api/people/export', { name, also: options['also'] ?? [], by });
  const text = `${JSON.stringify(found, null, 2)}\n`;
  if (file === undefined) return { ok: true, json: found, text: text.trimEnd() };
  await writeText(file, text);
  return {
    ok: true,
    json: { file },
    text: `written to ${file}: ${found.rows.length} rows; some name others too: look through it before you hand it on`,
  };
}

/** Backups of before still have the person: nothing rewrites a backup. */
async function forget({ api, by, words: [name = ''], options }: Call): Promise<Answer> {
  const body = { name, also: options['also'] ?? [], apply: options['yes'] === true, by };
  const { audit, elsewhere, applied, backupsUntil } = await api.post<PersonForgotten>('/api/people/forget', body);
  const json = { audit, elsewhere, applied, backupsUntil };
  const rows = `${audit} rows of the audit and ${elsewhere} others`;
  if (!applied) return { ok: true, json, text: `${name} stands in ${rows}; nothing is changed yet: --yes takes the name out, for good` };
  const until = `backups of before still have it; the last one is deleted by ${timeText(backupsUntil)}, and copies that you keep elsewhere by you`;
  return { ok: true, json, text: `${name} is taken out of ${rows}\n${until}` };
}

function scopeQuery(scope: unknown): string {
  return typeof scope === 'string' && scope !== 'all' ? `?${new URLSearchParams({ scope })}` : '';
}
