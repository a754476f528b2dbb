/** Operations of the HTTP routes on the calendar. Each plans a change of the current meetings and applies it before it returns. */
import { createMutex, isWithin, type MeetingsImport, type MeetingView } from '@sabha/contracts';
import type { Audit, Op } from '../../engine/records/ops.ts';
import type { Meeting, SiteTable } from '../../engine/records/sites.ts';
import { fileLimitBytes } from '../sheet.ts';
import { byNextDate, type Calendar, endsAt } from './calendar.ts';
import { readMeetingsCsv } from './csv.ts';
import { inSlices, limits, type Problem, type ReadFile, scopesOf } from './draft.ts';
import { readIcs } from './ics.ts';

export type MeetingOrdersOptions = {
  calendar(): Calendar;
  table(): SiteTable;
  /** Commits the rows and replaces the meetings. If it rejects, nothing has changed. */
  apply(meetings: Iterable<Meeting>, ops: readonly Op[]): Promise<void>;
  now(): number;
};

export type MeetingOrders = ReturnType<typeof createMeetingOrders>;

/**
 * Creates the operations on the calendar.
 * Guarantee: they run one after the other, each on the calendar that the previous one left. A change takes effect at once, with its audit
 * row.
 */
export function createMeetingOrders({ calendar, table, apply, now }: MeetingOrdersOptions) {
  const inTurn = createMutex();
  const change = async ({ put, gone }: MeetingsChange, audit: Audit) => {
    const over = [...calendar().all().values()].filter((one) => isOver(one, table(), now() - keptMs)).map(({ id }) => id);
    const next = new Map(calendar().all());
    for (const id of [...gone, ...over]) next.delete(id);
    for (const one of put) next.set(one.id, one);
    const rows: Op[] = [
      ...[...gone, ...over].map((id) => ({ op: 'meeting-gone', id }) as const),
      ...put.map((meeting) => ({ op: 'meeting', meeting }) as const),
    ];
    await apply(next.values(), [...rows, { op: 'audit', at: now(), ...audit }]);
  };
  return {
    calendar,
    /** Returns the meetings that concern a scope ('' = all), sorted by the next date. */
    list(scope: string): MeetingView[] {
      const touches = (path: string) => isWithin(scope, path) || isWithin(path, scope);
      const all = calendar()
        .parts()
        .filter(({ scopes }) => scopes.some(touches));
      return all.map((one) => viewOf(calendar(), one, now())).sort(byNextDate);
    },
    /** Without `apply` it only returns the difference. */
    import: (at: { text: string; rooms: string; replace: boolean; apply: boolean; by: string }): Promise<MeetingsImport> =>
      inTurn(async () => {
        const planned = await planMeetings({ ...at, table: table(), held: calendar().all(), now: now() });
        if (!at.apply || planned.import.problems.length > 0) return planned.import;
        const { added, changed, removed, same } = planned.import.difference;
        const about = `${added.length} added, ${changed.length} changed, ${removed.length} removed, ${same} the same`;
        if (planned.change !== null) await change(planned.change, { who: at.by, what: 'meetings imported', about });
        return { ...planned.import, applied: true };
      }),
    remove: (id: string, by: string): Promise<boolean> =>
      inTurn(async () => {
        const held = calendar().all().get(id);
        if (held === undefined) return false;
        await change({ put: [], gone: [id] }, { who: by, what: 'meeting removed', about: `${id}: ${held.title}` });
        return true;
      }),
  };
}

/** Time for which a past meeting is kept, for reference. */
const keptMs = 7 * 86_400_000;

function viewOf(calendar: Calendar, meeting: Meeting, now: number): MeetingView {
  const { id, title, scopes, start, zone, minutes, rule } = meeting;
  const [next] = calendar.datesOf(meeting, now);
  return { id, title, scopes, start, zone, minutes, repeats: rule !== null, next: next ? { from: next.from, to: next.to } : null };
}

/** An import. `rooms`: rooms of entries that name none. `replace`: removes the meetings that the file lacks. */
export type MeetingImportInput = {
  text: string;
  rooms: string;
  replace: boolean;
  table: SiteTable;
  held: ReadonlyMap<string, Meeting>;
  now: number;
};
type MeetingsChange = { put: Meeting[]; gone: string[] };

/**
 * Plans an import. `change` is null if there is a problem or no difference.
 * Guarantee: one problem anywhere rejects the whole file; a past meeting is skipped with one line.
 */
export async function planMeetings(at: MeetingImportInput): Promise<{ import: MeetingsImport; change: MeetingsChange | null }> {
  const file = await readFile(at);
  const { problems, notes } = file;
  const none: MeetingsImport['difference'] = { added: [], changed: [], removed: [], same: 0 };
  const told = (all: Problem[], difference = none) => ({ import: { problems: all, notes, difference, applied: false }, change: null });
  if (problems.length > 0) return told(problems.sort((a, b) => a.line - b.line).slice(0, 1_000));
  const { put, gone, difference } = await changeOf(at, file);
  const kept = at.held.size - gone.length + difference.added.length;
  if (kept > limits.meetings) {
    const line = `the calendar would have ${kept} meetings, more than ${limits.meetings}: remove those that are over, or import with --replace`;
    return told([{ line: 1, column: '', what: line }], difference);
  }
  return { ...told([], difference), change: put.length + gone.length > 0 ? { put, gone } : null };
}

async function readFile({ text, rooms, table }: MeetingImportInput): Promise<ReadFile> {
  const wrong = (what: string): ReadFile => ({ meetings: [], cancelled: [], problems: [{ line: 1, column: '', what }], notes: [] });
  if (Buffer.byteLength(text) > fileLimitBytes) return wrong(`the file is larger than ${fileLimitBytes / 1024 / 1024} MiB`);
  const named = rooms === '' ? null : scopesOf(rooms, table);
  if (named !== null && (named.line !== undefined || !named.isPaths)) return wrong(`--rooms: ${named.line ?? 'expected paths, or all'}`);
  return /^\ufeff?\s*BEGIN:VCALENDAR/i.test(text) ? readIcs(text, { table, rooms: named?.scopes ?? null }) : readMeetingsCsv(text, table);
}

async function changeOf({ table, held, now, replace }: MeetingImportInput, file: ReadFile) {
  const difference: MeetingsImport['difference'] = { added: [], changed: [], removed: [], same: 0 };
  const { notes } = file;
  const cancelled = new Set(file.cancelled);
  const put: Meeting[] = [];
  const gone: string[] = [];
  for await (const meeting of inSlices(file.meetings)) {
    const { id, title } = meeting;
    const before = held.get(id);
    if (cancelled.has(id)) {
      if (before === undefined) notes.push({ line: 0, column: '', what: `"${title}" is cancelled, and was not in the calendar` });
      else gone.push(id);
    } else if (isOver(meeting, table, now)) notes.push({ line: 0, column: '', what: `"${title}" is over: left out` });
    else if (before !== undefined && JSON.stringify(before) === JSON.stringify(meeting)) difference.same += 1;
    else {
      put.push(meeting);
      difference[before === undefined ? 'added' : 'changed'].push({ id, title });
    }
  }
  const inFile = new Set(file.meetings.map(({ id }) => id));
  if (replace) gone.push(...[...held.keys()].filter((id) => !inFile.has(id)));
  difference.removed = gone.map((id) => ({ id, title: held.get(id)?.title ?? '' }));
  return { put, gone, difference };
}

/** Returns true if the last date has ended; a meeting without end is never over. */
function isOver(meeting: Meeting, table: Pick<SiteTable, 'resolve'>, now: number): boolean {
  const ends = endsAt(meeting, table.resolve(meeting.scopes[0] ?? '').timeZone);
  return ends !== null && ends < now;
}
