/** The verbs of commands to PCs. */
import { type CommandSummary, type CommandView, verbNames } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { flag, takes, takesMany } from '../kit/options.ts';
import { table, timeText } from '../kit/text.ts';

const lookMs = 500;

/** By their words. */
export const commands: Record<string, Verb> = {
  cmd: {
    usage: 'VERB --to all|STATE|STATE/SITE|STATE/SITE/PC [--arg KEY=VALUE]... [--wait]',
    does: { en: 'Sends an order to PCs.', hi: 'PC को आदेश भेजता है।' },
    words: [1, 1],
    options: {
      to: takes('to whom it goes', 'किसे भेजना है'),
      arg: takesMany('what the order needs', 'आदेश के लिए ज़रूरी बात'),
      wait: flag('waits for the answers', 'जवाब का इंतज़ार करता है'),
    },
    run: issue,
  },
  'cmd show': {
    usage: 'ID',
    does: { en: 'Shows what became of an order.', hi: 'दिखाता है कि आदेश का क्या हुआ।' },
    words: [1, 1],
    run: async ({ api, words: [id = ''] }) => answerOf(await api.get(`/api/commands/${encodeURIComponent(id)}`)),
  },
  'cmd list': { usage: '', does: { en: 'Lists the orders.', hi: 'आदेशों की सूची दिखाता है।' }, words: [0, 0], run: list },
};

async function issue(call: Call): Promise<Answer> {
  const { api, by, options, words } = call;
  const [verb = ''] = words;
  const { to, arg } = options;
  if (!(verbNames as string[]).includes(verb)) throw new CliError(2, `"${verb}" is no command: ${verbNames.join(', ')}`);
  if (typeof to !== 'string') throw new CliError(2, 'cmd needs --to: all, STATE, STATE/SITE or STATE/SITE/PC');
  const args = Object.fromEntries((Array.isArray(arg) ? arg : []).map(pairOf));
  const { id } = await api.post<{ id: string }>('/api/commands', { to: to === 'all' ? '' : to, verb, args, by });
  if (options['wait'] !== true) return { ok: true, json: { id }, text: id };
  call.say(`command ${id} is on its way`);
  return answerOf(await over(call, id));
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new CliError(2, `--arg "${text}" is not KEY=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** It ends by itself: a command expires. */
async function over({ api, pause }: Call, id: string): Promise<CommandView> {
  for (;;) {
    const view = await api.get<CommandView>(`/api/commands/${encodeURIComponent(id)}`);
    if (view.state !== 'open') return view;
    await pause(lookMs);
  }
}

/** The answer is yes where every PC has done it. */
function answerOf(view: CommandView): Answer {
  const { answers, missing } = view;
  const rows = answers.map(({ pc, outcome, reason, at }) => [pc, outcome, reason, timeText(at)]);
  const silent = missing.map((pc) => [pc, view.state === 'open' ? 'not yet' : 'no answer']);
  const lines = answers.flatMap((one) => (one.lines ?? []).map((line) => (answers.length > 1 ? `${one.pc}: ${line}` : line)));
  const head = `command ${view.id}: ${view.verb} to ${view.to || 'all'}, by ${view.by}, ${timeText(view.at)}, ${view.state}`;
  const text = [head, table(['PC', 'OUTCOME', 'REASON', 'AT'], [...rows, ...silent]), ...lines].join('\n');
  return { ok: missing.length === 0 && answers.every(({ outcome }) => outcome === 'done'), json: view, text };
}

async function list({ api }: Call): Promise<Answer> {
  const all = await api.get<CommandSummary[]>('/api/commands');
  const rows = all.map((one) => [one.id, one.verb, one.to || 'all', one.by, timeText(one.at)]);
  return { ok: true, json: all, text: table(['ID', 'COMMAND', 'TO', 'BY', 'ISSUED'], rows) };
}
