/** The verbs of maintenance. */
import { type MaintenanceView, zonedAt } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { table } from '../kit/text.ts';

/** By their words. */
export const maintenance: Record<string, Verb> = {
  'maintenance add': {
    usage: 'STATE[/SITE[/PC]] --from TIME --to TIME|--minutes N --for TEXT [--rule RRULE] [--zone ZONE]',
    words: [1, 1],
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      minutes: { type: 'string' },
      for: { type: 'string' },
      rule: { type: 'string' },
      zone: { type: 'string' },
    },
    run: add,
  },
  'maintenance list': { usage: '[--at STATE[/SITE[/PC]]]', words: [0, 0], options: { at: { type: 'string' } }, run: list },
  'maintenance remove': { usage: 'ID', words: [1, 1], run: remove },
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

/** By the clock there, as it was planned; in India where it names no zone. */
function whenText({ start, minutes, zone, next }: MaintenanceView): string {
  if (next === null) return `from ${start.slice(0, 16).replace('T', ' ')} for ${minutes} min`;
  const local = (at: number) => zonedAt(at, zone ?? 'Asia/Kolkata').toPlainDateTime();
  const text = (at: number) => local(at).toString({ smallestUnit: 'minute' }).replace('T', ' ');
  return `from ${text(next.from)} to ${text(next.to)}`;
}

async function remove({ api, by, words: [id = ''] }: Call): Promise<Answer> {
  await api.post('/api/maintenance/remove', { id, by });
  return { ok: true, json: { id }, text: `${id} is removed; what went on has ended` };
}
