/** The verbs of people that are more than one request, or show more than the answer has. */
import {
  type AnnouncementSummary,
  type AnnouncementView,
  type DayView,
  type PersonExport,
  type RosterCheck,
  type RosterPerson,
  zonedAt,
} from '@sabha/contracts';
import { type Answer, type Call, CliError } from '../kit/model.ts';
import { answerText, firstOf, table, timeText } from '../kit/text.ts';

/** By the name of the verb, as the next. */
export const peopleRuns = { 'roster show': showRoster, announced };
export const peopleLayouts = { 'roster check': checkRoster, 'people export': exportPerson };

const attendance = { here: 'on duty', off: 'off duty', leave: 'away', relieved: 'shift taken over' } as const;

async function showRoster({ api, words: [person], options }: Call): Promise<Answer> {
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

/** By the clock of the person, as the wall shows it. */
function dayLines({ timeZone, shifts }: DayView): string[] {
  const clock = (at: number) => zonedAt(at, timeZone).toPlainTime().toString({ smallestUnit: 'minute' });
  const lines = shifts.map(
    (one) => `${clock(one.from)} - ${clock(one.to).replace('00:00', '24:00')}${one.for === null ? '' : ` for ${one.for}`}`,
  );
  return [`today (${timeZone}):`, ...(lines.length === 0 ? ['no duty'] : lines)];
}

/** The channel that was proven longest ago says how well a person is proven. */
function oldestProof({ reached, proofs }: RosterPerson): string {
  const unproven = reached.find((channel) => (proofs[channel] ?? null) === null);
  if (unproven !== undefined || reached.length === 0) return unproven === undefined ? '' : `${unproven}: never`;
  return timeText(Math.min(...reached.map((channel) => proofs[channel] ?? 0)));
}

/** The answer is no where an hour has nobody, a place notifies nobody, or somebody has no channel. */
function checkRoster(found: RosterCheck): Answer {
  const { places, gaps, untold, unreached, unproven } = found;
  const spans = places.flatMap(({ scope, spans: all }) => all.map((one) => ({ firstPc: scope, ...one })));
  const shown = firstOf(table(spans, 'firstPc from to persons by').split('\n'), 51);
  const wrong = { gaps, placesThatNotifyNobody: untold, personsWithoutChannel: unreached, notProvenForLong: unproven };
  const text = [...shown, '', answerText(wrong)].join('\n');
  return { ok: gaps.length + untold.length + unreached.length === 0, json: found, text };
}

async function exportPerson(found: PersonExport, { words: [, file], writeText }: Call): Promise<Answer> {
  const text = `${JSON.stringify(found, null, 2)}\n`;
  if (file === undefined) return { ok: true, json: found, text: text.trimEnd() };
  await writeText(file, text);
  const hint = 'some name others too: look through it before you hand it on';
  return { ok: true, json: { file }, text: `${file} is written: ${found.rows.length} rows; ${hint}` };
}

/** The answer is no where somebody did not receive it. */
async function announced({ api, words: [number] }: Call): Promise<Answer> {
  if (number === undefined) {
    const all = await api.get<AnnouncementSummary[]>('/api/announcements');
    return { ok: true, json: all, text: table(all, 'id at by to count text') };
  }
  if (!/^[1-9]\d{0,14}$/.test(number)) throw new CliError(2, `"${number}" is no number of a notice`);
  const view = await api.get<AnnouncementView>(`/api/announcements/${number}`);
  return { ok: view.persons.every(({ state }) => state !== 'unreached'), json: view, text: answerText(view) };
}
