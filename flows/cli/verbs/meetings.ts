/** The verbs of the calendar. */
import type { MeetingsImport, MeetingView } from '#contracts';
import { importFile, importOptions } from '../kit/imports.ts';
import type { Answer, Call, Verb } from '../kit/model.ts';
import { takes, usual } from '../kit/options.ts';
import { firstOf, localText, table } from '../kit/text.ts';

/** By their words. */
export const meetings: Record<string, Verb> = {
  'meetings import': {
    usage: 'FILE [--rooms PATHS] [--replace] [--yes]',
    does: {
      en: 'Loads meetings from a CSV or calendar file; without --yes it shows what would change.',
      hi: 'CSV या कैलेंडर फ़ाइल से मीटिंग लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    },
    words: [1, 1],
    options: {
      rooms: takes('the rooms of meetings that name none', 'जिन मीटिंग में कमरा नहीं लिखा उनके कमरे'),
      replace: usual.replace,
      ...importOptions,
    },
    run: importMeetings,
  },
  'meetings list': {
    usage: '[--at STATE[/SITE]]',
    does: { en: 'Lists the meetings to come.', hi: 'आने वाली मीटिंग दिखाता है।' },
    words: [0, 0],
    options: { at: usual.at },
    run: list,
  },
  'meetings remove': { usage: 'ID', does: { en: 'Takes a meeting out.', hi: 'एक मीटिंग हटाता है।' }, words: [1, 1], run: remove },
};

function importMeetings(call: Call): Promise<Answer> {
  const { rooms = '', replace = false } = call.options;
  const lines = ({ difference }: MeetingsImport) => differenceLines(difference);
  return importFile(call, { path: '/api/meetings/import', body: (text) => ({ text, rooms, replace }), lines });
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
    next && localText(next.from, zone),
    minutes,
    repeats ? 'yes' : 'no',
  ]);
  return { ok: true, json: all, text: table(['ID', 'TITLE', 'ROOMS', 'NEXT', 'MINUTES', 'REPEATS'], rows) };
}

async function remove({ api, by, words: [id = ''] }: Call): Promise<Answer> {
  await api.post('/api/meetings/remove', { id, by });
  return { ok: true, json: { id }, text: `${id} is removed` };
}
