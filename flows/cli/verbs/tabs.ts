/** The verbs of the tabs: what edited ones would have told, whether they are in order, what differs, what became of them, the last Deploy taken back, and what they would do with a fault. */
import type { Explained, IncidentReasons, TabsDifferences, TabsState, TabsStep, TabsTrial, TabsUndone } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { daysOf, takes, usual } from '../kit/options.ts';
import { firstOf, table, timeText } from '../kit/text.ts';

/** By their words. */
export const tabs: Record<string, Verb> = {
  'tabs check': {
    usage: '',
    does: { en: 'Says whether the tabs run and are in order.', hi: 'बताता है कि टैब चल रहे हैं और ठीक हैं या नहीं।' },
    words: [0, 0],
    run: check,
  },
  'tabs diff': {
    usage: '',
    does: { en: 'Shows what differs between your tabs and those of the release.', hi: 'आपके और रिलीज़ के टैब का अंतर दिखाता है।' },
    words: [0, 0],
    run: diff,
  },
  'tabs log': { usage: '', does: { en: 'Shows who changed the tabs.', hi: 'दिखाता है कि टैब किसने बदले।' }, words: [0, 0], run: log },
  'tabs undo': {
    usage: '',
    does: { en: 'Takes the last Deploy of the tabs back.', hi: 'टैब का पिछला Deploy वापस लेता है।' },
    words: [0, 0],
    run: undo,
  },
  'tabs try': {
    usage: 'FILE|DIR [--days 30]',
    does: {
      en: 'Plays the last days through other tabs: who would have been told more, less or later.',
      hi: 'पिछले दिनों को दूसरे टैब से चलाकर देखता है: किसे ज़्यादा, कम या देर से ख़बर जाती।',
    },
    words: [1, 1],
    options: { days: usual.days },
    run: tryOut,
  },
  explain: {
    usage: 'SITE|PC|centre FAULT | --incident N',
    does: {
      en: 'Shows whom a fault would reach and when, or why an incident was told as it was.',
      hi: 'दिखाता है कि ख़राबी की ख़बर किसे और कब जाएगी, या किसी अलर्ट की ख़बर क्यों गई।',
    },
    words: [0, 2],
    options: { incident: takes('why this incident was told as it was', 'इस अलर्ट की ख़बर क्यों गई') },
    run: explain,
  },
};

/** The answer is no where a file is refused or the lint finds something. */
async function check({ api }: Call): Promise<Answer> {
  const state = await api.get<TabsState>('/api/tabs');
  const { running, refused, wrong } = state;
  const ok = refused === null && wrong.length === 0;
  const lines = [...(refused === null ? [] : [`the files do not run: ${refused}`]), ...firstOf(wrong)];
  return { ok, json: state, text: [`${running} runs${ok ? ' and is in order' : ''}`, ...lines].join('\n') };
}

async function diff({ api }: Call): Promise<Answer> {
  const found = await api.get<TabsDifferences>('/api/tabs/differences');
  const part = (head: string, lines: readonly string[]) =>
    lines.length === 0 ? [`${head}: nothing`] : [`${head}:`, ...firstOf(lines, 200)];
  const text = [
    ...part('yours, against the release from which they were made', found.yours),
    ...part('what this release would bring', found.release),
  ];
  return { ok: true, json: found, text: text.join('\n') };
}

async function log({ api }: Call): Promise<Answer> {
  const steps = await api.get<TabsStep[]>('/api/tabs/steps');
  const text = steps.map(({ at, who, what, about }) => `${timeText(at)}  ${who}: ${what}, ${about.replaceAll('\n', '\n  ')}`);
  return { ok: true, json: steps, text: steps.length === 0 ? 'nobody has changed the tabs' : text.join('\n') };
}

async function undo({ api, by }: Call): Promise<Answer> {
  const undone = await api.post<TabsUndone>('/api/tabs/undo', { by });
  return { ok: true, json: undone, text: [`${undone.to} runs again, in the place of ${undone.from}`, ...firstOf(undone.lines)].join('\n') };
}

/** A folder is all tabs, a file those that are edited. The answer is no where an alert would be missed, later, or reach no conclusion. */
async function tryOut({ api, words: [path = ''], options, readTexts }: Call): Promise<Answer> {
  const days = daysOf(options['days'] ?? 30);
  const found = await api.post<TabsTrial>('/api/tabs/try', { ...(await readTexts(path, '.json')), days });
  const { missedCount, laterCount, unfinished } = found;
  return { ok: missedCount + laterCount + unfinished === 0, json: found, text: trialLines(found, days).join('\n') };
}

function trialLines(found: TabsTrial, days: number): string[] {
  const { from, to, steps, log, before, after, more, fewer, people, missed, missedCount, later, laterCount, unfinished } = found;
  const held = (to - from) / 86_400_000;
  const rest = (count: number, list: readonly unknown[]) => (count > list.length ? [`... and ${count - list.length} more`] : []);
  return [
    `${steps} steps of incidents since ${timeText(from)}, played through these tabs; nobody is told by this`,
    ...(held < days - 1 ? [`the ledger goes back no further than that: ${Math.round(held * 10) / 10} days`] : []),
    `the tabs that run give ${log.reproduced} of the ${log.sent} messages that were sent`,
    `messages: ${after} instead of ${before}; ${more} more, ${fewer} fewer`,
    ...(people.length === 0
      ? []
      : [
          table(
            ['WHO', 'MORE', 'FEWER'],
            people.map((one) => [one.person, one.more, one.fewer]),
          ),
        ]),
    ...(missedCount === 0 ? [] : [`${missedCount} alerts would have been missed:`]),
    ...missed.map(({ incident, at, where, fault }) => `  ${timeText(at)}  ${where}: ${fault} (incident ${incident})`),
    ...rest(missedCount, missed),
    ...(laterCount === 0 ? [] : [`${laterCount} alerts would have come later:`]),
    ...later.map(
      ({ incident, at, where, fault, byMs }) => `  ${timeText(at)}  ${where}: ${fault}, ${spanText(byMs)} later (incident ${incident})`,
    ),
    ...rest(laterCount, later),
    ...(unfinished === 0 ? [] : [`${unfinished} messages reach no conclude: central would be told by the default route`]),
  ];
}

/** The answer is no where the message reaches no conclusion. */
async function explain(call: Call): Promise<Answer> {
  const { api, words, options } = call;
  const [scope = '', fault = ''] = words;
  if (options['incident'] !== undefined) return reasons(call);
  if (words.length < 2) throw new CliError(2, 'explain takes a place and a fault, or --incident with its number');
  const found = await api.get<Explained>(`/api/explain?${new URLSearchParams({ scope, fault })}`);
  const { severity, holdMs, nodes, tells, how } = found;
  const text = [
    `${found.fault} of ${found.scope}: ${severity} in the catalogue, its own hold is ${spanText(holdMs)}; nobody is told by this`,
    table(
      ['AFTER', 'TAB', 'NODE'],
      nodes.map(({ afterMs, tab, node }) => [spanText(afterMs), tab, node]),
    ),
    '',
    tells.length === 0
      ? 'nobody would be told'
      : table(
          ['AFTER', 'WHO', 'OVER', 'SEVERITY'],
          tells.map((one) => [spanText(one.afterMs), one.name, one.channel, one.severity]),
        ),
    ...[...new Set(tells.map((one) => one.text.trim()))].map((one) => `\n${one}`),
    '',
    how === null ? 'it reaches no conclude: central would be told by the default route' : `conclusion: ${how}`,
  ];
  return { ok: how !== null, json: found, text: text.join('\n') };
}

/** Why people were told of an incident, or not. */
async function reasons({ api, options }: Call): Promise<Answer> {
  const id = String(options['incident']);
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new CliError(2, `"${id}" is no number of an incident`);
  const found = await api.get<IncidentReasons>(`/api/incidents/${id}/reasons`);
  const text = [
    `incident ${id} of ${found.scope}${found.parent === null ? '' : `, explained by incident ${found.parent}`}`,
    ...found.acknowledged.map(({ at, by }) => `${timeText(at)}  ${by} saw to it`),
    ...found.steps.flatMap(stepLines),
  ];
  return { ok: true, json: found, text: text.join('\n') };
}

function stepLines({ at, kind, faults, severity, passes, sent, said }: IncidentReasons['steps'][number]): string[] {
  return [
    `${timeText(at)}  ${kind}: ${faults.join(' ')} (${severity})`,
    ...passes.flatMap((pass) => [`  ${timeText(pass.at)}  ${pass.how} (tabs ${pass.tabs})`, `    ${pass.path}`]),
    `  ${sent[0] === undefined ? '' : `${timeText(sent[0].at)}  `}${said.en}`,
  ];
}

function spanText(ms: number): string {
  if (ms === 0) return 'at once';
  return ms < 60_000 ? `${ms / 1_000} s` : `${Math.round(ms / 6_000) / 10} min`;
}
