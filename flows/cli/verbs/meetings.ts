/** The verbs of the calendar. */
import { type MeetingsImport, type MeetingView, zonedAt } from '#contracts';
import type { Answer, Call, Verb } from '../kit/model.ts';
import { firstOf, table } from '../kit/text.ts';

/** By their words. */
export const meetings: Record<string, Verb> = {
  'meetings import': {
    usage: 'FILE [--rooms PATHS] [--replace] [--dry-run]',
    words: [1, 1],
    options: { rooms: { type: 'string' }, replace: { type: 'boolean' }, 'dry-run': { type: 'boolean' } },
    run: importFile,
  },
  'meetings list': { usage: '[--at STATE[/SITE]]', words: [0, 0], options: { at: { type: 'string' } }, run: list },
  'meetings remove': { usage: 'ID', words: [1, 1], run: remove },
};

async function importFile({ api, by, words: [file = ''], options, readText }: Call): Promise<Answer> {
  const rooms = typeof options['rooms'] === 'string' ? options['rooms'] : '';
  const body = { text: await readText(file), rooms, replace: options['replace'] === true, apply: options['dry-run'] !== true, by };
  const done = await api.post<MeetingsImport>('/api/meetings/import', body, [422]);
  const at = ({ line, column, what }: MeetingsImport['notes'][number]) =>
    `${file}${line > 0 ? `:${line}` : ''} ${column === '' ? '' : `${column}: `}${what}`;
  if (done.problems.length > 0) {
    const count = `${done.problems.length} problem${done.problems.length === 1 ? '' : 's'}`;
    return { ok: false, json: done, text: [...done.problems.map(at), `nothing is changed: ${count}`].join('\n') };
  }
  const end = done.applied ? 'done' : 'nothing is changed yet: --dry-run';
  return { ok: true, json: done, text: [...firstOf(done.notes.map(at)), ...differenceLines(done.difference), end].join('\n') };
}

function differenceLines({ added, changed, removed, same }: MeetingsImport['difference']): string[] {
  const lines = (mark: string, all: MeetingsImport['difference']['added']) => firstOf(all.map(({ id, title }) => `${mark} ${id} ${title}`));
  const sum = `${added.length} added, ${changed.length} changed, ${removed.length} removed, ${same} the same`;
  return [...lines('+', added), ...lines('~', changed), ...lines('-', removed), sum];
}

async function list({ api, options }: Call): Promise<Answer> {
  const query = typeof options['at'] === 'string' ? `?${new URLSearchParams({ scope: options['at'] })}` : '';
  const all = await api.get<MeetingView[]>(`/api/meetings${query}`);
  const rows = all.map(({ id, title, scopes, zone, minutes, repeats, next }) => [
    id,
    title,
    scopes.map((scope) => scope || 'all').join(' '),
    next === null ? '-' : nextText(next.from, zone),
    minutes,
    repeats ? 'yes' : 'no',
  ]);
  return { ok: true, json: all, text: table(['ID', 'TITLE', 'ROOMS', 'NEXT', 'MINUTES', 'REPEATS'], rows) };
}

/** By the clock of the meeting; of one by the clocks of its sites, in India. */
function nextText(at: number, zone: string | null): string {
  const local = zonedAt(at, zone ?? 'Asia/Kolkata');
  return local.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ');
}

async function remove({ api, by, words: [id = ''] }: Call): Promise<Answer> {
  await api.post('/api/meetings/remove', { id, by });
  return { ok: true, json: { id }, text: `${id} is removed` };
}
