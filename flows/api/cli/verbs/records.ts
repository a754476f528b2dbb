/** The verbs of the records: proof, who did what, what PCs said, backup and restore. */
import { type AuditLog, type BackupMade, type LedgerAudit, lineIn, type SaidEvents } from '@sabha/contracts';
import { safeTable } from '../../../sites/sheet.ts';
import { shortHash } from '../../../storage/audit/heads.ts';
import { asFile } from '../kit/files.ts';
import { lines } from '../kit/lines.ts';
import type { Answer, Call } from '../kit/model.ts';
import { answerText, firstOf, table, timeText } from '../kit/text.ts';
import { timeOf, verb } from '../kit/usage.ts';

/** Rows that a list shows; `--json` and `--csv` have all. */
const shownRows = 50;
/** In the order of help. */
export const recordVerbs = [
  verb(
    'restore FILE [--check] [--passphrase-file FILE]',
    ['Makes the server of this machine again from a backup.', 'बैकअप से इस मशीन का सेंटर फिर से बनाता है।'],
    restore,
  ),
];
/** By the name of the verb, as the next. */
export const recordRuns = { 'audit log': auditLog, events };
export const recordLayouts = { verify, backup };

/**
 * The answer is no where the data show a gap, an event applied twice or altered, or a ledger that is not complete or was replaced.
 * A PC can claim gaps and repeat its events: those that belong to PCs which the audit names do not make the ledger incomplete.
 */
function verify(found: LedgerAudit): Answer {
  const { chain, ofPcs = [], ...facts } = found;
  const isSame = found.older === undefined && found.archives === undefined && (chain?.wrong ?? []).length === 0;
  const isOfPcs = (name: 'gaps' | 'twice') => found[name] === ofPcs.reduce((sum, one) => sum + one[name], 0);
  const ok = isOfPcs('gaps') && isOfPcs('twice') && (found.altered ?? 0) === 0 && found.integrity === 'ok' && isSame;
  const whole =
    ofPcs.length === 0 ? 'no event is missing or repeated' : 'this ledger is whole; events are missing or repeated only at these PCs';
  const text = [
    answerText(facts),
    ...(chain === undefined ? [] : [`audit: ${chainText(chain)}`, ...chain.wrong.map((line) => `! audit: ${line}`)]),
    ...ofPcs.map(({ pc, gaps, twice }) => `! ${pc}: ${gaps} events missing, ${twice} repeated`),
    ...(found.at === undefined ? [] : [`by the copy of ${timeText(found.at)}; --now makes a new one`]),
    ok ? whole : 'this ledger is NOT whole',
  ];
  return { ok, json: found, text: text.join('\n') };
}

function chainText({ rows, forgotten, signed }: NonNullable<LedgerAudit['chain']>): string {
  const emptied = forgotten === 0 ? '' : `, a person taken out of ${forgotten}`;
  const by = signed === null ? 'no head signed yet' : `signed at ${timeText(signed.at)}: row ${signed.row} ${shortHash(signed.hash)}`;
  return `${rows} rows${emptied}; ${by}`;
}

async function auditLog({ api, words: [file], options, writeText, now }: Call): Promise<Answer> {
  const { who, since, machines, csv } = options;
  const query = {
    ...(typeof who === 'string' && { who }),
    ...(typeof since === 'string' && { since: `${timeOf('since', since, { now: now() })}` }),
    ...(machines === true && { of: 'machines' }),
  };
  if (csv === true || file !== undefined)
    return asFile(await api.text(`/api/audit/log.csv?${new URLSearchParams(query)}`), file, writeText);
  const acts: AuditLog['acts'] = [];
  for (let more = {}; ; ) {
    const page: AuditLog = await api.get(`/api/audit/log?${new URLSearchParams({ ...query, ...more })}`);
    acts.push(...page.acts);
    if (page.before === null) break;
    more = { before: `${page.before}` };
  }
  const text = firstOf(table(acts, 'at id who what about').split('\n'), shownRows + 1).join('\n');
  return { ok: true, json: acts, text };
}

async function events({ api, words: [of = '', file], options, language, writeText, say, now }: Call): Promise<Answer> {
  const { since = '1d', until, readings, csv } = options;
  const query = new URLSearchParams({
    of,
    from: `${timeOf('since', String(since), { now: now() })}`,
    to: `${typeof until === 'string' ? timeOf('until', until, { now: now(), ends: true }) : now()}`,
    ...(readings === true && { readings: 'true' }),
  });
  const found = await api.get<SaidEvents>(`/api/events?${query}`);
  const { next } = found;
  const cut = next === null ? [] : [`only the first ${found.events.length} are shown: --since ${new Date(next).toISOString()} goes on`];
  const notes = [...found.missing, ...cut].map((line) => `! ${lineIn(line, language, lines)}`);
  const ok = notes.length === 0;
  if (csv === true || file !== undefined) {
    notes.forEach(say);
    return { ...(await asFile(csvOf(found.events), file, writeText)), ok };
  }
  const shown = firstOf(table(found.events, 'time pc kind body received').split('\n'), shownRows + 1);
  return { ok, json: found, text: [...shown, ...notes].join('\n') };
}

function csvOf(all: SaidEvents['events']): string {
  const iso = (ms: number) => new Date(ms).toISOString();
  const rows = all.map(({ time, received, pc, kind, body, grade, boot, spool, seq }) => {
    return [iso(time), iso(received), pc, kind, JSON.stringify(body), grade, boot, spool, `${seq}`];
  });
  return `\ufeff${safeTable(['when', 'received', 'pc', 'kind', 'said', 'grade', 'boot', 'spool', 'number'], rows)}`;
}

/** The backup stays beside those of each hour; a file that is named is a copy of it. */
async function backup(made: BackupMade, { words: [to], copyFile }: Call): Promise<Answer> {
  if (to !== undefined) await copyFile(made.file, to);
  const json = { ...made, file: to ?? made.file };
  return { ok: true, json, text: answerText(json) };
}

/** Needs no server, and none may run. */
async function restore({ words: [file = ''], options, restore: run }: Call): Promise<Answer> {
  const { check = false, 'passphrase-file': passphraseFile } = options;
  const done = await run({ file, check: check === true, passphraseFile: typeof passphraseFile === 'string' ? passphraseFile : undefined });
  const { about, audit: found, aside, left } = done;
  const holds = `${file} is whole: ${found.events} events, ${found.incidents.raised} incidents, of ${timeText(about.at)}`;
  if (check === true) return { ok: true, json: done, text: holds };
  const text = [
    holds,
    `it is in use now; what people did after ${timeText(about.at)} is gone, and PCs send again what they still have`,
    ...aside.map((path) => `what was there before: ${path}`),
    ...(left === undefined ? [] : [`! archives did not come along: ${left}`]),
    ...(found.chain?.wrong ?? []).map((line) => `! its audit: ${line}`),
    'look through the accounts (sabha accounts list) before anything else: those that were removed since are back',
  ];
  return { ok: true, json: done, text: text.join('\n') };
}
