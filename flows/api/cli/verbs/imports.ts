/** The verbs that import a file, and the stage of a site: each makes a second request, or shows first what it would change. */
import {
  type ChecklistItem,
  faultOf,
  filled,
  type Language,
  type MeetingsImport,
  type RosterImport,
  type SiteDetail,
  type SitesImport,
  vocabulary,
  wordFor,
} from '#contracts';
import { importFile } from '../kit/files.ts';
import { type Answer, type Call, CliError } from '../kit/model.ts';
import { firstOf } from '../kit/text.ts';
import { siteNamed, verb } from '../kit/usage.ts';

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

/** In the order of help. */
export const importVerbs = [
  verb(
    'sites import FILE [--yes] [--dry-run]',
    [
      'Loads the table of sites from a CSV file; without --yes it shows what would change.',
      'CSV फ़ाइल से ऑफ़िसों की सूची लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    ],
    (call) => importSites(call, false),
  ),
  verb(
    'config stage FILE [--yes] [--dry-run]',
    [
      'Loads the table of sites and sends the new configuration out in stages; without --yes it shows what would change.',
      'ऑफ़िसों की सूची लेता है, और नई सेटिंग थोड़े-थोड़े PC पर भेजता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    ],
    (call) => importSites(call, true),
  ),
  verb(
    'meetings import FILE [--rooms PATHS] [--replace] [--yes] [--dry-run]',
    [
      'Loads meetings from a CSV or calendar file; without --yes it shows what would change.',
      'CSV या कैलेंडर फ़ाइल से मीटिंग लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    ],
    (call) => {
      const { rooms = '', replace = false } = call.options;
      const lines = ({ difference }: MeetingsImport) => differenceLines(difference);
      return importFile(call, { path: '/api/meetings/import', body: (text) => ({ text, rooms, replace }), lines });
    },
  ),
  verb(
    'roster import FILE [--replace] [--yes] [--dry-run]',
    [
      'Loads the people who are notified from a CSV file; without --yes it shows what would change.',
      'जिन्हें ख़बर जाती है उनकी सूची CSV से लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    ],
    (call) => {
      const { replace = false } = call.options;
      const lines = ({ difference }: RosterImport) => differenceLines(difference);
      return importFile(call, { path: '/api/roster/import', body: (csv) => ({ csv, replace }), lines });
    },
  ),
  verb(
    'sites stage STATE/SITE STAGE [--force]',
    ['Brings a site to a stage: planned, commissioning, live or closed.', 'ऑफ़िस का चरण बदलता है: planned, commissioning, live या closed।'],
    stage,
  ),
];

/** `staged` lets profiles go out in stages. */
function importSites(call: Call, staged: boolean): Promise<Answer> {
  const lines = ({ difference }: SitesImport) => differenceLines(difference);
  return importFile(call, { path: '/api/sites/import', body: (csv) => ({ csv, staged }), lines });
}

type Named = string | { id: string; title: string };
type Change = Named | { path?: string; person?: string; column: string; from: string; to: string };
type Difference = {
  added: readonly Named[];
  changed: readonly Change[];
  removed?: readonly Named[];
  same: number;
  missing?: readonly string[];
};

/** What an import adds, changes and removes, a line each, and the counts. */
function differenceLines({ added, changed, removed, same, missing }: Difference): string[] {
  const list = (mark: string, all: readonly Change[]) => firstOf(all.map((one) => `${mark} ${changeText(one)}`));
  const subjects = new Set(changed.map((one) => (typeof one === 'object' && 'column' in one ? (one.person ?? one.path) : one)));
  const left = missing === undefined ? '' : `, ${missing.length} not in the file (left as they are)`;
  const gone = removed === undefined ? '' : `, ${removed.length} removed`;
  const sum = `${added.length} added, ${subjects.size} changed${gone}, ${same} the same${left}`;
  return [...list('+', added), ...list('~', changed), ...list('-', removed ?? []), sum];
}

function changeText(one: Change): string {
  if (typeof one === 'string') return one || 'the nation';
  if (!('column' in one)) return `${one.id} ${one.title}`;
  return `${one.person ?? (one.path || 'the nation')} ${one.column}: "${one.from}" becomes "${one.to}"`;
}

async function stage(call: Call): Promise<Answer> {
  const { api, by, words, options } = call;
  const [site, to = ''] = [siteNamed(words[0]), words[1]];
  await api.post(`/api/sites/${site}/stage`, { stage: to, by, force: options['force'] === true }).catch(async (error: Error) => {
    throw error.message.startsWith(`${site} is not ready to go live: `) ? new CliError(1, await openPoints(site, call)) : error;
  });
  return { ok: true, json: { site, stage: to }, text: `${site} is ${to}` };
}

/** What a site lacks, in the words of people: the line of the API names keys, and not all of them. */
async function openPoints(site: string, { api, language }: Call): Promise<string> {
  const said = notReady[language];
  const { checklist, pcs } = await api.get<SiteDetail>(`/api/sites/${site}`);
  const lineOf = ({ pc, component, fault }: ChecklistItem['about'][number]) => {
    const what = (fault !== null && faultOf(fault)?.title[language]) || wordFor(language, 'component', component ?? '') || component;
    return `    ${[pc, what].filter(Boolean).join(' ')}`;
  };
  const lines = checklist
    .filter(({ done }) => !done)
    .flatMap(({ item, about }) => [`- ${vocabulary[language].checklist[item]}`, ...firstOf(about.map(lineOf), shownOfPoint)]);
  return [filled(said.head, { site }), ...(pcs.length === 0 ? [`- ${said.noPc}`] : lines), said.force].join('\n');
}
