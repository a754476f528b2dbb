/** The verbs of the tabs: whether they are in order, what differs, what became of them, and the last Deploy taken back. */
import type { TabsDifferences, TabsState, TabsStep, TabsUndone } from '#contracts';
import type { Answer, Call, Verb } from '../model.ts';
import { firstOf, timeText } from '../text.ts';

/** By their words. */
export const tabs: Record<string, Verb> = {
  'tabs check': { usage: '', words: [0, 0], run: check },
  'tabs diff': { usage: '', words: [0, 0], run: diff },
  'tabs log': { usage: '', words: [0, 0], run: log },
  'tabs undo': { usage: '', words: [0, 0], run: undo },
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
