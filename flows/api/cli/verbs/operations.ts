/** The verbs that start something and follow it, and those of the tabs that show more than the answer has. */
import {
  type CommandView,
  type Explained,
  type IncidentReasons,
  type RollCallView,
  type TabsStep,
  type TabsTrial,
  verbNames,
} from '@sabha/contracts';
import { type Answer, type Call, CliError } from '../kit/model.ts';
import { answerText, readyText, table, timeText } from '../kit/text.ts';
import { incidentNamed, numberOf } from '../kit/usage.ts';

/** How often the server is asked whether something is finished. */
const lookMs = 500;

/** By the name of the verb, as the next. */
export const operationRuns = { cmd: sendCommand, 'tabs try': tryTabs, explain };
export const operationLayouts = {
  'rollcall start': followRollCall,
  'rollcall show': rollCallAnswer,
  'cmd show': commandAnswer,
  'tabs log'(steps: readonly TabsStep[]): Answer {
    const text = steps.map(({ at, who, what, about }) => `${timeText(at)}  ${who}: ${what}, ${about.replaceAll('\n', '\n  ')}`);
    return { ok: true, json: steps, text: text.join('\n') || 'nobody has changed the tabs' };
  },
};

async function followRollCall({ id }: { id: string }, { api, options, pause, say }: Call): Promise<Answer> {
  if (options['wait'] !== true) return { ok: true, json: { id }, text: id };
  say(`roll call ${id} runs`);
  // A roll call ends by itself.
  for (let shown = -1; ; ) {
    const view = await api.get<RollCallView>(`/api/rollcalls/${encodeURIComponent(id)}`);
    if (view.finishedAt !== null) return rollCallAnswer(view);
    const { answered, expected } = view.counts;
    if (answered !== shown) say(`${answered} of ${expected} have answered`);
    shown = answered;
    await pause(lookMs);
  }
}

/** The answer is yes where rooms were called and every one of them is ready. */
function rollCallAnswer(view: RollCallView): Answer {
  const { rows, ...about } = view;
  const { counts } = about;
  const bad = rows
    .filter(({ readiness }) => readiness !== 'ready')
    .map(({ pc, room, after, readiness, why, heardAt, owner }) => ({
      pc,
      room,
      is: after === null ? 'silent' : readiness,
      why,
      heardAt,
      owner,
    }));
  const none = counts.expected === 0 ? 'no room was called' : `every room is ${readyText('ready')}`;
  const shown = { ...about, counts: withSilent(counts), states: about.states.map((one) => ({ state: one.state, ...withSilent(one) })) };
  const text = bad.length === 0 ? `${answerText(shown)}\n${none}` : answerText({ ...shown, rooms: bad });
  return { ok: view.finishedAt !== null && counts.expected > 0 && counts.ready === counts.expected, json: view, text };
}

/** A PC that did not answer is silent, as the wall counts it, and not unknown beside. */
function withSilent({ expected, answered, ready, 'not-ready': notReady, unknown }: RollCallView['counts']) {
  const silent = expected - answered;
  return { expected, answered, ready, 'not-ready': notReady, unknown: unknown - silent, silent };
}

async function sendCommand({ api, by, options, pause, say, words: [name = ''] }: Call): Promise<Answer> {
  const { to, arg = [] } = options;
  if (!(verbNames as string[]).includes(name)) throw new CliError(2, `"${name}" is no command: ${verbNames.join(', ')}`);
  const args = [arg].flat().map((text) => {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(`${text}`) ?? [];
    if (key === undefined) throw new CliError(2, `--arg "${text}" is not KEY=VALUE`);
    return [key, value];
  });
  const order = { to: to === 'all' ? '' : to, verb: name, args: Object.fromEntries(args), by };
  const { id } = await api.post<{ id: string }>('/api/commands', order);
  if (options['wait'] !== true) return { ok: true, json: { id }, text: id };
  say(`command ${id} is on its way`);
  // It ends by itself: a command expires.
  for (;;) {
    const view = await api.get<CommandView>(`/api/commands/${encodeURIComponent(id)}`);
    if (view.state !== 'open') return commandAnswer(view);
    await pause(lookMs);
  }
}

/** The answer is yes where every PC has done it. */
function commandAnswer(view: CommandView): Answer {
  const { answers, missing, ...about } = view;
  const done = answers.map(({ pc, outcome, reason, at }) => ({ pc, outcome, reason, at }));
  const silent = missing.map((pc) => ({ pc, outcome: view.state === 'open' ? 'not yet' : 'no answer' }));
  const lines = answers.flatMap((one) => (one.lines ?? []).map((line) => (answers.length > 1 ? `${one.pc}: ${line}` : line)));
  const text = [answerText(about), table([...done, ...silent], 'pc outcome reason at'), ...lines].join('\n');
  return { ok: missing.length === 0 && answers.every(({ outcome }) => outcome === 'done'), json: view, text };
}

/** A folder is all tabs, a file those that are edited. The answer is no where an alert would be missed, later, or reach no conclusion. */
async function tryTabs({ api, words: [path = ''], options, readTexts }: Call): Promise<Answer> {
  const days = numberOf('days', options['days'] ?? '30');
  const found = await api.post<TabsTrial>('/api/tabs/try', { ...(await readTexts(path, '.json')), days });
  return { ok: found.missedCount + found.laterCount + found.unfinished === 0, json: found, text: answerText(found) };
}

/** The answer is no where the message reaches no conclusion. */
async function explain({ api, words: [scope, fault], options }: Call): Promise<Answer> {
  if (options['incident'] !== undefined) {
    const id = incidentNamed(`${options['incident']}`);
    const found = await api.get<IncidentReasons>(`/api/incidents/${id}/reasons`);
    const text = [
      `incident ${id} of ${found.scope}${found.parent === null ? '' : `, explained by incident ${found.parent}`}`,
      ...found.acknowledged.map(({ at, by }) => `${timeText(at)}  acknowledged by ${by}`),
      ...found.steps.flatMap(stepLines),
    ];
    return { ok: true, json: found, text: text.join('\n') };
  }
  if (scope === undefined || fault === undefined) throw new CliError(2, 'explain takes a place and a fault, or --incident with its number');
  const found = await api.get<Explained>(`/api/explain?${new URLSearchParams({ scope, fault })}`);
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
