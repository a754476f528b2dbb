/** The verbs of incidents. */
import { type IncidentRow, outageText } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { flag } from '../kit/options.ts';
import { table, timeText } from '../kit/text.ts';

/** By their words. */
export const incidents: Record<string, Verb> = {
  incidents: {
    usage: '[--open]',
    does: { en: 'Lists the incidents.', hi: 'अलर्ट की सूची दिखाता है।' },
    words: [0, 0],
    options: { open: flag('only those that are not over', 'सिर्फ़ वे जो ख़त्म नहीं हुए') },
    run: list,
  },
  ack: {
    usage: 'ID [--take-over]',
    does: { en: 'Says that you see to an incident.', hi: 'बताता है कि अलर्ट आप देख रहे हैं।' },
    words: [1, 1],
    options: { 'take-over': flag('also where somebody else has it', 'कोई और देख रहा हो तब भी') },
    run: acknowledge,
  },
  'incidents fixed': {
    usage: 'ID',
    does: { en: 'Says that an incident is fixed; its PC is checked again.', hi: 'बताता है कि काम हो गया; PC की फिर जाँच होती है।' },
    words: [1, 1],
    run: fixed,
  },
  'incidents assign': {
    usage: 'ID PERSON',
    does: { en: 'Gives an incident to a person.', hi: 'अलर्ट किसी को सौंपता है।' },
    words: [2, 2],
    run: assign,
  },
  'incidents snooze': {
    usage: 'ID TIME (90m, 2h, or 2027-01-15T18:30+05:30)',
    does: { en: 'Keeps an incident quiet until a time.', hi: 'अलर्ट को कुछ समय के लिए रोकता है।' },
    words: [2, 2],
    run: snooze,
  },
  note: { usage: 'ID TEXT', does: { en: 'Writes a note to an incident.', hi: 'अलर्ट पर टिप्पणी लिखता है।' }, words: [2, 2], run: note },
};

async function list({ api, options }: Call): Promise<Answer> {
  const all = await api.get<IncidentRow[]>(options['open'] === true ? '/api/incidents?open=true' : '/api/incidents');
  const rows = underParents(all).map(({ one, depth }) => [
    `${'  '.repeat(depth)}${one.id}`,
    one.severity,
    `${one.site.en}, ${one.room.en}`,
    `${one.faults.map(({ fault }) => fault).join(' ')}${one.spread === undefined ? '' : ` (${one.spread.away.length} of ${one.spread.of})`}`,
    timeText(one.openedAt),
    one.over ?? 'open',
    one.acknowledged?.by,
    one.outage && outageText(one.outage, 'en'),
  ]);
  return { ok: true, json: all, text: table(['ID', 'SEVERITY', 'WHERE', 'FAULTS', 'SINCE', 'IS', 'TAKEN BY', 'CAUSE'], rows) };
}

/** Each cause, and what it explains below it, set in. */
function underParents(all: readonly IncidentRow[]): { one: IncidentRow; depth: number }[] {
  const ids = new Set(all.map(({ id }) => id));
  const below = Map.groupBy(all, ({ parent }) => (parent !== undefined && ids.has(parent) ? parent : 0));
  const walk = (parent: number, depth: number): { one: IncidentRow; depth: number }[] =>
    (below.get(parent) ?? []).flatMap((one) => [{ one, depth }, ...walk(one.id, depth + 1)]);
  return walk(0, 0);
}

async function acknowledge({ api, by, words: [id = ''], options }: Call): Promise<Answer> {
  const asked = options['take-over'] === true ? { by, takeOver: true } : { by };
  await api.post(`/api/incidents/${numberOf(id)}/acknowledge`, asked);
  return { ok: true, json: { acknowledged: Number(id), by }, text: `incident ${id} is taken by ${by}` };
}

async function note({ api, by, words: [id = '', text = ''] }: Call): Promise<Answer> {
  await api.post(`/api/incidents/${numberOf(id)}/note`, { by, text });
  return { ok: true, json: { incident: Number(id), by, text }, text: `noted on incident ${id}` };
}

async function fixed({ api, by, words: [id = ''] }: Call): Promise<Answer> {
  await api.post(`/api/incidents/${numberOf(id)}/fixed`, { by });
  return { ok: true, json: { fixed: Number(id), by }, text: `incident ${id}: it is over when its PC says so, else it is reopened` };
}

async function assign({ api, by, words: [id = '', to = ''] }: Call): Promise<Answer> {
  await api.post(`/api/incidents/${numberOf(id)}/assign`, { by, to });
  return { ok: true, json: { incident: Number(id), by, to }, text: `${to} is asked to see to incident ${id}` };
}

async function snooze({ api, by, words: [id = '', time = ''] }: Call): Promise<Answer> {
  const until = await untilOf(time, api);
  await api.post(`/api/incidents/${numberOf(id)}/snooze`, { by, until });
  return {
    ok: true,
    json: { incident: Number(id), by, until },
    text: `incident ${id} is quiet until ${timeText(until)}, unless it gets worse`,
  };
}

/** A time from now by the centre's clock, or one with its zone. */
async function untilOf(time: string, api: Call['api']): Promise<number> {
  const [, count = '', unit = ''] = /^(\d{1,4})([mh])$/.exec(time) ?? [];
  if (unit !== '') return (await api.get<{ at: number }>('/api/snapshot')).at + Number(count) * (unit === 'h' ? 3_600_000 : 60_000);
  try {
    return Temporal.Instant.from(time).epochMilliseconds;
  } catch {
    throw new CliError(2, `"${time}" is no time: 90m, 2h, or 2027-01-15T18:30+05:30`);
  }
}

function numberOf(id: string): string {
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new CliError(2, `"${id}" is no number of an incident`);
  return id;
}
