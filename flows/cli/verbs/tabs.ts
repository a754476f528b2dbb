/** The verbs of the tabs: whether they are in order, what differs, what became of them, the last Deploy taken back, and what they would do with a fault. */
import type { Explained, TabsDifferences, TabsState, TabsStep, TabsUndone } from '#contracts';
import type { Answer, Call, Verb } from './model.ts';
import { firstOf, table, timeText } from './text.ts';

/** By their words. */
export const tabs: Record<string, Verb> = {
  'tabs check': { usage: '', words: [0, 0], run: check },
  'tabs diff': { usage: '', words: [0, 0], run: diff },
  'tabs log': { usage: '', words: [0, 0], run: log },
  'tabs undo': { usage: '', words: [0, 0], run: undo },
  explain: { usage: 'SITE|PC|centre FAULT', words: [2, 2], run: explain },
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

/** The answer is no where the message reaches no conclusion. */
async function explain({ api, words: [scope = '', fault = ''] }: Call): Promise<Answer> {
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

function spanText(ms: number): string {
  if (ms === 0) return 'at once';
  return ms < 60_000 ? `${ms / 1_000} s` : `${Math.round(ms / 6_000) / 10} min`;
}
