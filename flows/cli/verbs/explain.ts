/** The verb that says what the tabs would do with a fault. */
import type { Explained } from '#contracts';
import type { Answer, Call, Verb } from '../model.ts';
import { table } from '../text.ts';

/** By its words. */
export const explain: Record<string, Verb> = {
  explain: { usage: 'SITE|PC|centre FAULT', words: [2, 2], run: explainFault },
};

/** The answer is no where the message reaches no conclusion. */
async function explainFault({ api, words: [scope = '', fault = ''] }: Call): Promise<Answer> {
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
