/** The verbs of the ledger as a whole: the proof, a backup, and a centre that is made again of one. */
import type { BackupMade, LedgerAudit } from '#contracts';
import type { Answer, Call, Verb } from '../kit/model.ts';
import { table, timeText } from '../kit/text.ts';

/** By their words. */
export const backups: Record<string, Verb> = {
  audit: { usage: '[--now]', words: [0, 0], options: { now: { type: 'boolean' } }, run: audit },
  backup: { usage: '[FILE]', words: [0, 1], run: backup },
  restore: {
    usage: 'FILE [--check] [--passphrase-file FILE]',
    words: [1, 1],
    options: { check: { type: 'boolean' }, 'passphrase-file': { type: 'string' } },
    run: restore,
  },
};

/** The answer is no where the data show a gap, an event applied twice or altered, or a ledger that is not whole or not the one it was. */
async function audit({ api, options }: Call): Promise<Answer> {
  const found = await api.get<LedgerAudit>(options['now'] === true ? '/api/audit?now=true' : '/api/audit');
  const { at, ...facts } = found;
  const rows = Object.entries(facts).map(([name, value]) => [name, inWords(value)]);
  const isSame = found.older === undefined && found.archives === undefined;
  const ok = found.gaps === 0 && found.twice === 0 && (found.altered ?? 0) === 0 && found.integrity === 'ok' && isSame;
  const of = at === undefined ? [] : [`by the copy of ${timeText(at)}; --now makes a new one`];
  const verdict = ok ? 'no event is missing, none stands twice' : 'this ledger is NOT whole';
  return { ok, json: found, text: [table(['WHAT', 'FOUND'], rows), ...of, verdict].join('\n') };
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
  const { about, audit: found, aside } = done;
  const holds = `${file} is whole: ${found.events} events, ${found.incidents.raised} incidents, of ${timeText(about.at)}`;
  if (check === true) return { ok: true, json: done, text: holds };
  const text = [
    holds,
    `it stands in its place now; what people did after ${timeText(about.at)} is gone, and PCs send again what they still have`,
    ...aside.map((path) => `what was there before: ${path}`),
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
