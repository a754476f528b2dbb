/** The verbs of notices to many. */
import type { AnnouncementSummary, AnnouncementView } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { usual } from '../kit/options.ts';
import { firstOf, table, timeText } from '../kit/text.ts';

/** By their words. */
export const announce: Record<string, Verb> = {
  announce: {
    usage: 'all|STATE[/SITE]|group:NAME|GROUP TEXT [--yes]',
    does: {
      en: 'Sends a notice to many; without --yes it shows to whom it would go.',
      hi: 'बहुतों को सूचना भेजता है; --yes के बिना सिर्फ़ दिखाता है कि किसे जाएगी।',
    },
    words: [2, 2],
    options: { yes: usual.yes },
    run: say,
  },
  announced: {
    usage: '[NUMBER]',
    does: { en: 'Lists the notices, or shows who got one and who read it.', hi: 'भेजी हुई सूचनाएँ दिखाता है, या यह कि किसे मिली और किसने पढ़ी।' },
    words: [0, 1],
    run: shown,
  },
};

async function say({ api, by, words: [to = '', text = ''], options }: Call): Promise<Answer> {
  const apply = options['yes'] === true;
  const view = await api.post<AnnouncementView>('/api/announcements', { to: to === 'all' ? '' : to, text, apply, by });
  const names = firstOf(view.persons.map(({ id, name }) => `  ${name} (${id})`));
  const head = `${view.persons.length} persons ${apply ? 'are told' : 'would be told'}:`;
  const end = apply ? `"sabha announced ${view.id}" shows who got it and who read it` : 'nothing is sent yet: --yes does it';
  return { ok: true, json: view, text: [head, ...names, end].join('\n') };
}

const stateWords = { delivered: 'got it', waiting: 'on its way', unreached: 'DID NOT GET IT' } as const;

/** A no where somebody did not get it. */
async function shown({ api, words: [number] }: Call): Promise<Answer> {
  if (number === undefined) return list(await api.get<AnnouncementSummary[]>('/api/announcements'));
  if (!/^[1-9]\d{0,14}$/.test(number)) throw new CliError(2, `"${number}" is no number of a notice`);
  const view = await api.get<AnnouncementView>(`/api/announcements/${number}`);
  const { persons } = view;
  const count = (is: (one: (typeof persons)[number]) => boolean) => persons.filter(is).length;
  const lost = count(({ state }) => state === 'unreached');
  const sum = `${persons.length} persons: ${count(({ state }) => state === 'delivered')} got it, ${count(({ readAt }) => readAt !== null)} read it, ${lost} did not get it`;
  const rows = persons.map((one) => [one.name, one.id, stateWords[one.state], one.channel, readText(one.readAt), one.reason]);
  const shownRows = table(['NAME', 'ID', 'MESSAGE', 'CHANNEL', 'READ', 'WHY NOT'], rows);
  return { ok: lost === 0, json: view, text: [`${view.by} to ${view.to || 'all'}: ${view.text}`, shownRows, sum].join('\n') };
}

function list(all: readonly AnnouncementSummary[]): Answer {
  const rows = all.map(({ id, at, by, to, count, text }) => [`${id}`, timeText(at), by, to || 'all', `${count}`, text]);
  return { ok: true, json: all, text: table(['NUMBER', 'AT', 'BY', 'TO', 'PERSONS', 'TEXT'], rows) };
}

function readText(at: number | null): string {
  return at === null ? 'not yet' : timeText(at);
}
