/** The verbs of maintenance. */
import type { MaintenanceView } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { takes, usual } from '../kit/options.ts';
import { localText, table } from '../kit/text.ts';

/** By their words. */
export const maintenance: Record<string, Verb> = {
  'maintenance add': {
    usage: 'STATE[/SITE[/PC]] --from TIME --to TIME|--minutes N --for TEXT [--rule RRULE] [--zone ZONE]',
    does: { en: 'Plans a time in which nothing of a place is told.', hi: 'ऐसा समय तय करता है जब किसी जगह का अलर्ट नहीं जाता।' },
    words: [1, 1],
    options: {
      from: takes('its begin', 'शुरू का समय'),
      to: takes('its end', 'ख़त्म होने का समय'),
      minutes: takes('how long, in the place of --to', 'कितने मिनट, --to की जगह'),
      for: takes('what for, as people read it', 'किस लिए, जैसा लोग पढ़ेंगे'),
      rule: takes('how it repeats (RRULE)', 'कैसे दोहराना है (RRULE)'),
      zone: takes('the time zone, such as Asia/Kolkata', 'समय क्षेत्र, जैसे Asia/Kolkata'),
    },
    run: add,
  },
  'maintenance list': {
    usage: '[--at STATE[/SITE[/PC]]]',
    does: { en: 'Lists what is planned.', hi: 'तय किए हुए काम दिखाता है।' },
    words: [0, 0],
    options: { at: usual.at },
    run: list,
  },
  'maintenance remove': {
    usage: 'ID',
    does: { en: 'Takes a planned time out.', hi: 'तय किया हुआ समय हटाता है।' },
    words: [1, 1],
    run: remove,
  },
};

async function add({ api, by, words: [scope = ''], options }: Call): Promise<Answer> {
  const said = (name: string) => (typeof options[name] === 'string' ? { [name]: options[name] } : {});
  const { from, for: title, minutes } = options;
  if (typeof from !== 'string' || typeof title !== 'string')
    throw new CliError(2, 'maintenance add takes --from with a time, and --for with what for');
  const long = typeof minutes === 'string' ? { minutes: Number(minutes) } : {};
  if (Number.isNaN(long.minutes)) throw new CliError(2, `--minutes takes a number, not "${minutes}"`);
  const body = { by, scope, title, from, ...said('to'), ...long, ...said('rule'), ...said('zone') };
  const done = await api.post<MaintenanceView>('/api/maintenance', body);
  return { ok: true, json: done, text: `${done.id}: nothing of ${done.scope} is told ${whenText(done)}` };
}

async function list({ api, options }: Call): Promise<Answer> {
  const query = typeof options['at'] === 'string' ? `?${new URLSearchParams({ scope: options['at'] })}` : '';
  const all = await api.get<MaintenanceView[]>(`/api/maintenance${query}`);
  const rows = all.map((one) => [one.id, one.scope, whenText(one), one.rule ?? 'once', one.by, one.title]);
  return { ok: true, json: all, text: table(['ID', 'PLACE', 'NEXT', 'REPEATS', 'BY', 'FOR'], rows) };
}

function whenText({ start, minutes, zone, next }: MaintenanceView): string {
  if (next === null) return `from ${start.slice(0, 16).replace('T', ' ')} for ${minutes} min`;
  return `from ${localText(next.from, zone)} to ${localText(next.to, zone)}`;
}

async function remove({ api, by, words: [id = ''] }: Call): Promise<Answer> {
  await api.post('/api/maintenance/remove', { id, by });
  return { ok: true, json: { id }, text: `${id} is removed; what went on has ended` };
}
