/** The verbs of the ledger as a whole: the proof, who did what, a backup, and a centre that is made again of one. */
import type { AuditLog, BackupMade, LedgerAudit } from '#contracts';
import { shortHash } from '../../audit/heads.ts';
import type { Answer, Call, Verb } from '../kit/model.ts';
import { flag, takes, timeOf } from '../kit/options.ts';
import { firstOf, table, timeText } from '../kit/text.ts';

/** By their words. */
export const backups: Record<string, Verb> = {
  verify: {
    usage: '[--now]',
    does: {
      en: 'Proves that no event is missing, none stands twice and nothing was changed.',
      hi: 'साबित करता है कि कोई घटना छूटी, दोहराई या बदली नहीं गई।',
    },
    words: [0, 0],
    options: { now: flag('by a new copy of the ledger', 'रिकॉर्ड की नई कॉपी से') },
    run: verify,
  },
  'audit log': {
    usage: '[--who NAME] [--since 2027-01-05|30d|12h] [--machines] [--csv [FILE]]',
    does: { en: 'Lists who did what.', hi: 'दिखाता है कि किसने क्या किया।' },
    words: [0, 1],
    options: {
      who: takes('only what this person did', 'सिर्फ़ इस व्यक्ति का किया हुआ'),
      since: takes('since a day, or so many days or hours back', 'इस दिन से, या इतने दिन या घंटे पहले से'),
      machines: flag('what machines did, too', 'मशीनों का किया हुआ भी'),
      csv: flag('as CSV, into the file that is named', 'CSV में, लिखी हुई फ़ाइल में'),
    },
    run: log,
  },
  backup: {
    usage: '[FILE]',
    does: { en: 'Makes a backup, and copies it into a file.', hi: 'बैकअप बनाता है, और फ़ाइल में कॉपी करता है।' },
    words: [0, 1],
    run: backup,
  },
  restore: {
    usage: 'FILE [--check] [--passphrase-file FILE]',
    does: { en: 'Makes the centre of this machine again from a backup.', hi: 'बैकअप से इस मशीन का सेंटर फिर से बनाता है।' },
    words: [1, 1],
    options: {
      check: flag('proves the backup, and changes nothing', 'सिर्फ़ बैकअप की जाँच, बदलता कुछ नहीं'),
      'passphrase-file': takes('the file with the passphrase of the backup', 'फ़ाइल जिसमें बैकअप का पासफ़्रेज़ है'),
    },
    run: restore,
  },
};

/**
 * The answer is no where the data show a gap, an event applied twice or altered, or a ledger that is not whole or not the one it was.
 * A PC can claim gaps and repeat its events. What belongs to the few PCs that the audit names is listed apart, and the ledger is whole.
 */
async function verify({ api, options }: Call): Promise<Answer> {
  const found = await api.get<LedgerAudit>(options['now'] === true ? '/api/audit?now=true' : '/api/audit');
  const { at, chain, ofPcs = [], ...facts } = found;
  const rows = Object.entries(facts).map(([name, value]) => [name, inWords(value)]);
  const wrong = chain?.wrong ?? [];
  const isSame = found.older === undefined && found.archives === undefined && wrong.length === 0;
  const isOfPcs = (name: 'gaps' | 'twice') => found[name] === ofPcs.reduce((sum, one) => sum + one[name], 0);
  const ok = isOfPcs('gaps') && isOfPcs('twice') && (found.altered ?? 0) === 0 && found.integrity === 'ok' && isSame;
  const of = at === undefined ? [] : [`by the copy of ${timeText(at)}; --now makes a new one`];
  const whole =
    ofPcs.length === 0
      ? 'no event is missing, none stands twice'
      : 'this ledger is whole; events are missing or repeated only at these PCs';
  const verdict = ok ? whole : 'this ledger is NOT whole';
  const named = ofPcs.map(({ pc, gaps, twice }) => `! ${pc}: ${gaps} events missing, ${twice} repeated`);
  const chained = chain === undefined ? [] : [['audit', chainText(chain)]];
  const changed = wrong.map((line) => `! audit: ${line}`);
  return { ok, json: found, text: [table(['WHAT', 'FOUND'], [...rows, ...chained]), ...changed, ...named, ...of, verdict].join('\n') };
}

function chainText({ rows, forgotten, signed }: NonNullable<LedgerAudit['chain']>): string {
  const emptied = forgotten === 0 ? '' : `, a person taken out of ${forgotten}`;
  const by = signed === null ? 'no head signed yet' : `signed at ${timeText(signed.at)}: row ${signed.row} ${shortHash(signed.hash)}`;
  return `${rows} rows${emptied}; ${by}`;
}

/** What is made lies with those of each hour; a file that is named is a copy of it. */
async function backup({ api, by, words: [to], copyFile }: Call): Promise<Answer> {
  const made = await api.post<BackupMade>('/api/backup', { by });
  if (to !== undefined) await copyFile(made.file, to);
  const file = to ?? made.file;
  return { ok: true, json: { ...made, file }, text: `${file}: ${Math.ceil(made.bytes / 1024)} KiB, of ${timeText(made.at)}` };
}

/** It asks no centre: none may run. */
async function restore({ words: [file = ''], options, restore: run }: Call): Promise<Answer> {
  const { check = false, 'passphrase-file': passphraseFile } = options;
  const done = await run({ file, check: check === true, passphraseFile: typeof passphraseFile === 'string' ? passphraseFile : undefined });
  const { about, audit: found, aside, left } = done;
  const holds = `${file} is whole: ${found.events} events, ${found.incidents.raised} incidents, of ${timeText(about.at)}`;
  if (check === true) return { ok: true, json: done, text: holds };
  const text = [
    holds,
    `it stands in its place now; what people did after ${timeText(about.at)} is gone, and PCs send again what they still have`,
    ...aside.map((path) => `what was there before: ${path}`),
    ...(left === undefined ? [] : [`! archives did not come along: ${left}`]),
    ...(found.chain?.wrong ?? []).map((line) => `! its audit: ${line}`),
    'look through the accounts (sabha accounts list) before anything else: those that were removed since are back',
  ];
  return { ok: true, json: done, text: text.join('\n') };
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.join('; ');
  if (typeof value !== 'object' || value === null) return `${value}`;
  return Object.entries(value)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

const shown = 50;

async function log({ api, words: [file], options, writeText, now }: Call): Promise<Answer> {
  const { who, since, machines, csv } = options;
  const query = new URLSearchParams({
    ...(typeof who === 'string' && { who }),
    ...(typeof since === 'string' && { since: `${timeOf('since', since, { now: now() })}` }),
    ...(machines === true && { of: 'machines' }),
  });
  if (csv === true || file !== undefined) return asCsv(await api.text(`/api/audit/log.csv?${query}`), file, writeText);
  const acts = await allOf(api, query);
  const rows = acts.slice(0, shown).map(({ id, at, who: by, what, about }) => [timeText(at), id, by, what, about]);
  const more =
    acts.length > shown
      ? firstOf(
          acts.map(({ id }) => `${id}`),
          shown,
        ).slice(-1)
      : [];
  return { ok: true, json: acts, text: [table(['WHEN', 'ROW', 'WHO', 'WHAT', 'ABOUT'], rows), ...more].join('\n') };
}

/** A table for a spreadsheet: shown, or in a file. */
export async function asCsv(csv: string, file: string | undefined, writeText: Call['writeText']): Promise<Answer> {
  if (file === undefined) return { ok: true, json: { csv }, text: csv.trimEnd() };
  // Fetch takes the mark of UTF-8 away, by which a spreadsheet knows it.
  await writeText(file, csv.startsWith('\ufeff') ? csv : `\ufeff${csv}`);
  return { ok: true, json: { file }, text: `written to ${file}` };
}

async function allOf(api: Call['api'], query: URLSearchParams): Promise<AuditLog['acts']> {
  const all: AuditLog['acts'] = [];
  for (let before: number | null = null; ; ) {
    const page: AuditLog = await api.get(
      `/api/audit/log?${new URLSearchParams([...query, ...(before === null ? [] : [['before', `${before}`]])])}`,
    );
    all.push(...page.acts);
    before = page.before;
    if (before === null) return all;
  }
}
