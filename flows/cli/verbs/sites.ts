/** The verbs of the site table. */
import {
  type ChecklistItem,
  faultOf,
  filled,
  type Language,
  type RolloutView,
  type SiteDetail,
  type SitesDifference,
  type SitesImport,
  type SiteView,
  vocabulary,
  wordFor,
} from '#contracts';
import { importFile, importOptions } from '../kit/imports.ts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { flag, siteNamed, takes } from '../kit/options.ts';
import { firstOf, readyText, table, timeText } from '../kit/text.ts';

/** In the order in which a network is told of: 612 live, 41 being set up, 83 planned. */
const stages = ['live', 'commissioning', 'planned', 'closed'] as const;

const shownOfPoint = 10;
const notReady = {
  en: {
    head: '{site} is not ready to go live. What is not done yet:',
    noPc: 'it has no PC: "sabha sites import" brings them',
    force: 'With --force it goes live all the same.',
  },
  hi: {
    head: '{site} अभी चालू नहीं हो सकता। जो अभी नहीं हुआ:',
    noPc: 'इसका कोई PC नहीं है: "sabha sites import" से जोड़ें',
    force: '--force के साथ फिर भी चालू हो जाएगा।',
  },
} as const satisfies Record<Language, Record<string, string>>;

/** By their words. */
export const sites: Record<string, Verb> = {
  'sites import': {
    usage: 'FILE [--yes]',
    does: {
      en: 'Loads the table of sites from a CSV file; without --yes it shows what would change.',
      hi: 'CSV फ़ाइल से ऑफ़िसों की सूची लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    },
    words: [1, 1],
    options: importOptions,
    run: (call) => importSites(call),
  },
  'sites list': {
    usage: '[--stage STAGE] [--state STATE]',
    does: { en: 'Lists the sites, with how many stand in each stage.', hi: 'ऑफ़िसों की सूची दिखाता है, और हर चरण में कितने हैं।' },
    words: [0, 0],
    options: {
      stage: takes('only those of a stage: planned, commissioning, live, closed', 'सिर्फ़ इस चरण के: planned, commissioning, live, closed'),
      state: takes('only those of a state', 'सिर्फ़ इस राज्य के'),
    },
    run: list,
  },
  'sites export': {
    usage: '[FILE]',
    does: { en: 'Writes the table of sites as CSV, into a file or here.', hi: 'ऑफ़िसों की सूची CSV में लिखता है, फ़ाइल में या यहीं।' },
    words: [0, 1],
    run: exportAll,
  },
  'sites stage': {
    usage: 'STATE/SITE STAGE [--force]',
    does: {
      en: 'Brings a site to a stage: planned, commissioning, live or closed.',
      hi: 'ऑफ़िस का चरण बदलता है: planned, commissioning, live या closed।',
    },
    words: [2, 2],
    options: { force: flag('also where points are open', 'काम बाक़ी हों तब भी') },
    run: stage,
  },
};

/** `staged` lets profiles go out in stages. */
function importSites(call: Call, staged = false): Promise<Answer> {
  const lines = ({ difference }: SitesImport) => differenceLines(difference);
  return importFile(call, { path: '/api/sites/import', body: (csv) => ({ csv, staged }), lines });
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
  const rows = all.map((it) => [it.site, it.name.en, it.stage, it.link, `${it.elevationM} m`, it.pcs, readyText(it.readiness), it.open]);
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

async function stage(call: Call): Promise<Answer> {
  const { api, by, words, options } = call;
  const [site, to = ''] = [siteNamed(words[0]), words[1]];
  await api.post(`/api/sites/${site}/stage`, { stage: to, by, force: options['force'] === true }).catch(async (error: Error) => {
    throw error.message.startsWith(`${site} is not ready to go live: `) ? new CliError(1, await openPoints(site, call)) : error;
  });
  return { ok: true, json: { site, stage: to }, text: `${site} is ${to}` };
}

/** What a site lacks, as people say it: the line of the API holds it by its keys, and not all of it. */
async function openPoints(site: string, { api, language }: Call): Promise<string> {
  const said = notReady[language];
  const words = vocabulary[language];
  const { checklist, pcs } = await api.get<SiteDetail>(`/api/sites/${site}`);
  const open = checklist.filter(({ done }) => !done);
  const of = ({ pc, component, fault }: ChecklistItem['about'][number]) =>
    [pc, (fault !== null && faultOf(fault)?.title[language]) || wordFor(language, 'component', component ?? '') || component]
      .filter(Boolean)
      .join(' ');
  const lines = open.flatMap(({ item, about }) => [
    `- ${words.checklist[item]}`,
    ...firstOf(
      about.map((one) => `    ${of(one)}`),
      shownOfPoint,
    ),
  ]);
  return [filled(said.head, { site }), ...(pcs.length === 0 ? [`- ${said.noPc}`] : lines), said.force].join('\n');
}

/** The verbs of configurations that go out in stages. */
export const config: Record<string, Verb> = {
  'config stage': {
    usage: 'FILE [--yes]',
    does: {
      en: 'Loads the table of sites so that the new configuration goes out in stages; without --yes it shows what would change.',
      hi: 'ऑफ़िसों की सूची लेता है, और नई सेटिंग थोड़े-थोड़े PC पर भेजता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    },
    words: [1, 1],
    options: importOptions,
    run: (call) => importSites(call, true),
  },
  'config show': {
    usage: '',
    does: { en: 'Shows how far a configuration in stages has got.', hi: 'दिखाता है कि सेटिंग कहाँ तक पहुँची।' },
    words: [0, 0],
    run: show,
  },
  'config release': {
    usage: '',
    does: { en: 'Lets a configuration go out to every PC.', hi: 'सेटिंग सब PC पर भेजता है।' },
    words: [0, 0],
    run: release,
  },
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
