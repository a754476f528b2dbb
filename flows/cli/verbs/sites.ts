/** The verbs of the site table. */
import { type RolloutView, type SitesDifference, type SitesImport, type SiteView, vocabulary } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { firstOf, table, timeText } from '../kit/text.ts';

/** In the order in which a network is told of: 612 live, 41 being set up, 83 planned. */
const stages = ['live', 'commissioning', 'planned', 'closed'] as const;

/** By their words. */
export const sites: Record<string, Verb> = {
  'sites import': {
    usage: 'FILE [--dry-run]',
    words: [1, 1],
    options: { 'dry-run': { type: 'boolean' } },
    run: (call) => importFile(call),
  },
  'sites list': {
    usage: '[--stage STAGE] [--state STATE]',
    words: [0, 0],
    options: { stage: { type: 'string' }, state: { type: 'string' } },
    run: list,
  },
  'sites export': { usage: '[FILE]', words: [0, 1], run: exportAll },
  'sites stage': { usage: 'STATE/SITE STAGE [--force]', words: [2, 2], options: { force: { type: 'boolean' } }, run: stage },
};

/** Loads a site table, or tells what it would change; `staged` lets profiles go out in stages. */
async function importFile({ api, by, words: [file = ''], options, readText }: Call, staged = false): Promise<Answer> {
  const body = { csv: await readText(file), apply: options['dry-run'] !== true, staged, by };
  const done = await api.post<SitesImport>('/api/sites/import', body, [422]);
  if (done.problems.length > 0) {
    const lines = done.problems.map(({ line, column, what }) => `${file}:${line} ${column === '' ? '' : `${column}: `}${what}`);
    return {
      ok: false,
      json: done,
      text: [...lines, `nothing is changed: ${lines.length} problem${lines.length === 1 ? '' : 's'}`].join('\n'),
    };
  }
  return {
    ok: true,
    json: done,
    text: [...differenceLines(done.difference), done.applied ? 'done' : 'nothing is changed yet: --dry-run'].join('\n'),
  };
}

function differenceLines({ added, changed, same, missing }: SitesDifference): string[] {
  return [
    ...firstOf(added.map((path) => `+ ${path || 'the nation'}`)),
    ...firstOf(changed.map(({ path, column, from, to }) => `~ ${path || 'the nation'} ${column}: "${from}" becomes "${to}"`)),
    `${added.length} added, ${new Set(changed.map(({ path }) => path)).size} changed, ${same} the same, ${missing.length} not in the file (left as they are)`,
  ];
}

async function list({ api, options }: Call): Promise<Answer> {
  const query = new URLSearchParams();
  for (const name of ['stage', 'state']) if (typeof options[name] === 'string') query.set(name, options[name]);
  const all = await api.get<SiteView[]>(`/api/sites?${query}`);
  const rows = all.map((one) => [one.site, one.name.en, one.stage, one.link, `${one.elevationM} m`, one.pcs, one.readiness, one.open]);
  const counts = stages.flatMap((name) => {
    const count = all.filter((one) => one.stage === name).length;
    return count === 0 ? [] : [`${count} ${vocabulary.en.stage[name].toLowerCase()}`];
  });
  const text = table(['SITE', 'NAME', 'STAGE', 'LINK', 'ELEVATION', 'PCS', 'READINESS', 'INCIDENTS'], rows);
  return { ok: true, json: all, text: `${text}\n${counts.join(', ') || 'no sites'}` };
}

/** A spreadsheet needs the mark of UTF-8 at the start of a file; a terminal does not. */
async function exportAll({ api, words: [file], writeText }: Call): Promise<Answer> {
  const csv = await api.text('/api/sites/table.csv');
  if (file === undefined) return { ok: true, json: { csv }, text: csv.trimEnd() };
  await writeText(file, `\ufeff${csv}`);
  return { ok: true, json: { file }, text: `${file} is written` };
}

async function stage({ api, by, words: [site = '', to = ''], options }: Call): Promise<Answer> {
  if (site.split('/').length !== 2) throw new CliError(2, `"${site}" is no site: expected STATE/SITE`);
  await api.post(`/api/sites/${site}/stage`, { stage: to, by, force: options['force'] === true });
  return { ok: true, json: { site, stage: to }, text: `${site} is ${to}` };
}

/** The verbs of configurations that go out in stages. */
export const config: Record<string, Verb> = {
  'config stage': {
    usage: 'FILE [--dry-run]',
    words: [1, 1],
    options: { 'dry-run': { type: 'boolean' } },
    run: (call) => importFile(call, true),
  },
  'config show': { usage: '', words: [0, 0], run: show },
  'config release': { usage: '', words: [0, 0], run: release },
};

/** The answer is no where it stopped by itself. */
async function show({ api }: Call): Promise<Answer> {
  const { rollout } = await api.get<{ rollout: RolloutView | null }>('/api/rollout');
  if (rollout === null) return { ok: true, json: { rollout }, text: 'no configuration is on its way in stages' };
  const { by, stage, stageAt, pcs, released, stopped } = rollout;
  const head = `stage ${stage} of 3 since ${timeText(stageAt)}, by ${by}: ${released} of ${pcs} PCs have got it`;
  return { ok: stopped === null, json: { rollout }, text: stopped === null ? head : `${head}\nstopped: ${stopped}` };
}

async function release({ api, by }: Call): Promise<Answer> {
  await api.post('/api/rollout/release', { by });
  return { ok: true, json: { released: true }, text: 'it goes out to every PC' };
}
