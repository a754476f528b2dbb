/** The verbs of the roll call. */
import type { RollCallCounts, RollCallSummary, RollCallView } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { flag, usual } from '../kit/options.ts';
import { readyText, table, timeText, whyText } from '../kit/text.ts';

const lookMs = 500;
const readyTitle = readyText('ready').toUpperCase();
/** A roll call ends by itself long before. */
const looksLimit = 600;

/** By their words. */
export const rollcall: Record<string, Verb> = {
  'rollcall start': {
    usage: '--scope all|STATE|STATE/SITE [--no-wait]',
    does: {
      en: 'Asks every room at once whether it is ready, and waits for the answers.',
      hi: 'हर कमरे से एक साथ पूछता है कि तैयार है या नहीं, और जवाब का इंतज़ार करता है।',
    },
    words: [0, 0],
    options: {
      scope: usual.scope,
      wait: { ...flag('does not wait for the answers', 'जवाब का इंतज़ार नहीं करता'), default: true },
    },
    run: start,
  },
  'rollcall show': {
    usage: 'ID',
    does: { en: 'Shows a roll call.', hi: 'एक हाज़िरी दिखाता है।' },
    words: [1, 1],
    run: async ({ api, words: [id = ''] }) => answerOf(await api.get(`/api/rollcalls/${encodeURIComponent(id)}`)),
  },
  'rollcall list': { usage: '', does: { en: 'Lists the roll calls.', hi: 'हाज़िरी की सूची दिखाता है।' }, words: [0, 0], run: list },
};

async function start(call: Call): Promise<Answer> {
  const { api, by, options } = call;
  const { scope } = options;
  if (typeof scope !== 'string') throw new CliError(2, 'rollcall start needs --scope: all, STATE or STATE/SITE');
  const { id } = await api.post<{ id: string }>('/api/rollcalls', { scope: scope === 'all' ? '' : scope, by });
  if (options['wait'] !== true) return { ok: true, json: { id }, text: id };
  call.say(`roll call ${id} runs`);
  return answerOf(await finished(call, id));
}

async function finished({ api, pause, say }: Call, id: string): Promise<RollCallView> {
  let told = -1;
  for (let looks = 0; looks < looksLimit; looks++) {
    const view = await api.get<RollCallView>(`/api/rollcalls/${encodeURIComponent(id)}`);
    if (view.finishedAt !== null) return view;
    if (view.counts.answered !== told) say(`${view.counts.answered} of ${view.counts.expected} have answered`);
    told = view.counts.answered;
    await pause(lookMs);
  }
  throw new CliError(1, `roll call ${id} does not end`);
}

/** The answer is yes where rooms were called and every one of them is ready. */
function answerOf(view: RollCallView): Answer {
  const { counts, states, rows } = view;
  const count = (name: string, of: RollCallCounts) => [
    name,
    of.expected,
    of.answered,
    of.ready,
    of['not-ready'],
    // A silent PC counts as unknown too: here it stands under SILENT alone.
    Math.max(0, of.unknown - (of.expected - of.answered)),
    of.expected - of.answered,
  ];
  const summary = table(
    ['STATE', 'CALLED', 'ANSWERED', readyTitle, 'NOT READY', 'UNKNOWN', 'SILENT'],
    [...states.map((one) => count(one.state, one)), count('all', counts)],
  );
  const bad = rows.filter((row) => row.readiness !== 'ready');
  const list = bad.map((row) => [
    row.pc,
    row.room.en,
    row.after === null ? 'silent' : row.readiness,
    whyText(row.why),
    timeText(row.heardAt),
    row.owner,
  ]);
  const none = counts.expected === 0 ? 'no room was called' : `every room is ${readyText('ready')}`;
  const rooms = bad.length === 0 ? none : table(['PC', 'ROOM', 'IS', 'WHY', 'LAST HEARD', 'OWNER'], list);
  const head = view.finishedAt === null ? 'still running' : `${((view.finishedAt - view.startedAt) / 1_000).toFixed(1)} s`;
  const text = `roll call ${view.id} of ${view.scope || 'the nation'}, by ${view.by}, ${timeText(view.startedAt)}, ${head}\n${summary}\n\n${rooms}`;
  return { ok: view.finishedAt !== null && counts.expected > 0 && counts.ready === counts.expected, json: view, text };
}

async function list({ api }: Call): Promise<Answer> {
  const all = await api.get<RollCallSummary[]>('/api/rollcalls');
  const rows = all.map((one) => [
    one.id,
    one.scope || 'all',
    one.by,
    timeText(one.startedAt),
    `${one.counts.ready} of ${one.counts.expected}`,
  ]);
  return { ok: true, json: all, text: table(['ID', 'SCOPE', 'BY', 'STARTED', readyTitle], rows) };
}
