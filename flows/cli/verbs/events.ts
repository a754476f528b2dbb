/** The verb of what PCs said, wherever it lies: in the ledger, or in the archive of a month. */
import { lineIn, type SaidEvent, type SaidEvents } from '#contracts';
import { safeTable } from '../../sites/sheet.ts';
import { lines } from '../kit/lines.ts';
import type { Answer, Call, Verb } from '../kit/model.ts';
import { flag, takes, timeOf } from '../kit/options.ts';
import { firstOf, table, timeText } from '../kit/text.ts';
import { asCsv } from './backups.ts';

/** By its word. */
export const events: Record<string, Verb> = {
  events: {
    usage: 'STATE/SITE[/PC] [--since 2027-01-05|30d|12h] [--until 2027-01-06|2h] [--readings] [--csv [FILE]]',
    does: {
      en: 'Lists what a PC, or the PCs of a site, said in a span of time, from archives too.',
      hi: 'दिखाता है कि किसी PC या ऑफ़िस के PC ने किसी समय में क्या बताया, पुराने रिकॉर्ड से भी।',
    },
    words: [1, 2],
    options: {
      since: takes(
        'since a day, or so many days or hours back (else a day back)',
        'इस दिन से, या इतने दिन या घंटे पहले से (नहीं तो एक दिन पहले से)',
      ),
      until: takes('to the end of a day, or until so long ago (else now)', 'इस दिन के अंत तक, या इतने समय पहले तक (नहीं तो अब तक)'),
      readings: flag('measured numbers, too', 'मापे गए आँकड़े भी'),
      csv: flag('as CSV, into the file that is named', 'CSV में, लिखी हुई फ़ाइल में'),
    },
    run: list,
  },
};

/** Received later than this it was said late. */
const lateMs = 60_000;

async function list({ api, words: [of = '', file], options, language, writeText, say, now }: Call): Promise<Answer> {
  const { since = '1d', until, readings, csv } = options;
  const query = new URLSearchParams({
    of,
    from: `${timeOf('since', String(since), { now: now() })}`,
    to: `${typeof until === 'string' ? timeOf('until', until, { now: now(), ends: true }) : now()}`,
    ...(readings === true && { readings: 'true' }),
  });
  const found = await api.get<SaidEvents>(`/api/events?${query}`);
  const cut =
    found.next === null ? [] : [`only the first ${found.events.length} are shown: --since ${new Date(found.next).toISOString()} goes on`];
  const notes = [...found.missing, ...cut].map((line) => `! ${lineIn(line, language, lines)}`);
  const ok = notes.length === 0;
  if (csv !== true && file === undefined)
    return { ok, json: found, text: [...firstOf(tableOf(found.events).split('\n'), 51), ...notes].join('\n') };
  notes.forEach(say);
  return { ...(await asCsv(csvOf(found.events), file, writeText)), ok };
}

function tableOf(all: readonly SaidEvent[]): string {
  const rows = all.map((one) => [
    timeText(one.time),
    one.pc,
    one.kind,
    saidOf(one.body),
    Math.abs(one.received - one.time) > lateMs ? timeText(one.received) : null,
  ]);
  return table(['WHEN', 'PC', 'KIND', 'SAID', 'RECEIVED LATER'], rows);
}

function saidOf(body: SaidEvent['body']): string {
  const told = Object.entries(body).filter(([, value]) => value !== null && value !== '');
  return told.map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`).join(', ');
}

function csvOf(all: readonly SaidEvent[]): string {
  const iso = (ms: number) => new Date(ms).toISOString();
  const rows = all.map(({ time, received, pc, kind, body, grade, boot, spool, seq }) => [
    iso(time),
    iso(received),
    pc,
    kind,
    JSON.stringify(body),
    grade,
    boot,
    spool,
    `${seq}`,
  ]);
  return `\ufeff${safeTable(['when', 'received', 'pc', 'kind', 'said', 'grade', 'boot', 'spool', 'number'], rows)}`;
}
