/**
 * Dry run of edited tabs: replays the incidents of the last days through the edited tabs and through the running ones.
 * Guarantee: it runs in a separate thread, limited in time and memory, on pages of the ledger between which commits continue.
 * Nothing is written, nobody is notified, and the live engine is not affected.
 */
import { Worker } from 'node:worker_threads';
import { type Clock, isPcPath, oneLine, type Person, type TabsTrial } from '@sabha/contracts';
import type { Ledger } from '../../engine/records/ops.ts';
import type { SiteTable } from '../../engine/records/sites.ts';
import type { Channels } from '../../notify/people/channels/channels.ts';
import type { Roster } from '../../notify/people/roster.ts';
import type { Tabs } from '../tabs.ts';
import { type FlowNode, tabsIn, withTabs } from '../tabs-storage.ts';
import type { ReplayedNotification, ReplayResult } from './run.ts';
import type { IncidentAbout, ReplayInput, ReplayOutput } from './worker.ts';

/** Retention of events in the ledger, which limits a replay. */
const replayDaysAtMost = 35;
const defaultDays = 30;
const dayMs = 86_400_000;
/** Limits of time and memory for the replay of one set of tabs. */
const limits = { ms: 120_000, heapMiB: 256 };

export type ReplayOptions = {
  ledger: Pick<Ledger, 'past' | 'meetings'>;
  tabs: Pick<Tabs, 'running' | 'lint'>;
  table(): Pick<SiteTable, 'nodes'>;
  roster: Pick<Roster, 'central' | 'book'>;
  channels: Channels;
  /** The real clock, because the time limit is on machine time. */
  clock: Pick<Clock, 'after'>;
  now(): number;
  limits?: typeof limits;
};

export type TrialResult = { ok: true; value: TabsTrial } | { ok: false; line: string };
/** Tabs as files. `whole`: they replace all tabs, not only the edited ones. */
export type TabFiles = { texts: readonly { name: string; text: string }[]; whole: boolean };

export type Replay = ReturnType<typeof createReplay>;

export function createReplay(options: ReplayOptions) {
  let busy = false;
  const tryNodes = async (nodes: readonly FlowNode[], days = defaultDays): Promise<TrialResult> => {
    if (busy) return { ok: false, line: 'tabs are being tried already: wait until that is done' };
    busy = true;
    try {
      return await tried(options, nodes, days);
    } finally {
      busy = false;
    }
  };
  return {
    tryNodes,
    async tryFiles({ texts, whole }: TabFiles, days: number): Promise<TrialResult> {
      const read = tabsIn(new Map(texts.map(({ name, text }) => [name, text])));
      if (!read.ok) return read;
      return tryNodes(whole ? read.nodes : withTabs(options.tabs.running(), read.nodes), days);
    },
  };
}

async function tried(options: ReplayOptions, nodes: readonly FlowNode[], days: number): Promise<TrialResult> {
  const [wrong, ...others] = options.tabs.lint(nodes);
  if (wrong !== undefined) return { ok: false, line: others.length > 0 ? `${wrong} (and ${others.length} more)` : wrong };
  if (!(days > 0 && days <= replayDaysAtMost))
    return { ok: false, line: `the ledger keeps what PCs said for ${replayDaysAtMost} days: from 1 to ${replayDaysAtMost} can be tried` };
  const to = options.now();
  const since = to - days * dayMs;
  const pages = await pagesOf(options.ledger, since);
  if (pages.length === 0) return { ok: false, line: `nothing happened in the last ${days} days: the ledger has no incident to try` };
  const input = { pages, until: to, ...(await centreOf(options)) };
  const before = await runInThread(options, { ...input, nodes: options.tabs.running() });
  if (!before.ok) return { ok: false, line: `the tabs that run cannot be played: ${before.line}` };
  const after = await runInThread(options, { ...input, nodes });
  if (!after.ok) return after;
  // Incidents are numbered from one and never deleted. If the first number is higher, earlier incidents are missing.
  const [first] = after.about;
  const span = { from: first?.id === 1 ? Math.max(since, first.openedAt) : since, to };
  const sent = before.sent.filter(({ createdAt }) => createdAt >= span.from).map(({ key }) => key);
  return { ok: true, value: compareRuns({ before: before.played, after: after.played, sent, about: after.about, span }) };
}

async function pagesOf(ledger: Pick<Ledger, 'past'>, since: number): Promise<string[]> {
  const pages: string[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const { json, last } = await ledger.past({ since, after });
    if (last !== null) pages.push(json);
    after = last;
  }
  return pages;
}

async function centreOf({ ledger, table, roster, channels, now }: ReplayOptions): Promise<Omit<ReplayInput, 'pages' | 'until' | 'nodes'>> {
  const reached = (person: Person) => [...channels].flatMap(([name, { reaches }]) => (reaches(person) ? [name] : []));
  const people = roster.book().members;
  const all = [...people, ...roster.central(now())];
  return {
    people,
    channels: [...channels.keys()],
    reach: Object.fromEntries(all.map((person) => [person.id, reached(person)])),
    places: [...table().nodes()],
    meetings: await ledger.meetings(),
  };
}

async function runInThread({ clock, limits: given = limits }: ReplayOptions, input: ReplayInput): Promise<ReplayOutput> {
  const { ms, heapMiB } = given;
  const resourceLimits = { maxOldGenerationSizeMb: heapMiB };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: input, resourceLimits });
  const { promise, resolve } = Promise.withResolvers<ReplayOutput>();
  const refuse = (line: string) => resolve({ ok: false, line });
  const cancel = clock.after(ms, () => refuse(`it takes longer than ${ms / 1_000} s: try fewer days`));
  worker.on('message', resolve);
  worker.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    const isTooLarge = code === 'ERR_WORKER_OUT_OF_MEMORY';
    refuse(isTooLarge ? `it needs more than ${heapMiB} MiB of memory: try fewer days` : oneLine(message, 200));
  });
  worker.on('exit', () => refuse('the replay ended early'));
  try {
    return await promise;
  } finally {
    cancel();
    await worker.terminate();
  }
}

/** Two replays of the same past. `sent`: the keys of the notifications that were really sent in the span. */
type CompareInput = {
  before: ReplayResult;
  after: ReplayResult;
  sent: readonly string[];
  about: readonly IncidentAbout[];
  span: { from: number; to: number };
};

/** Limit of entries per list of a report. Further entries are only counted. */
const listedAtMost = 200;

/** Compares the notifications one by one. Those before the span only create its initial state, and are not counted. */
export function compareRuns({ before, after, sent, about, span }: CompareInput): TabsTrial {
  const within = ({ sentNotifications: told }: ReplayResult) => told.filter(({ at }) => at >= span.from && at <= span.to);
  const [old, fresh] = [within(before), within(after)];
  const [oldKeys, freshKeys] = [keysOf(old), keysOf(fresh)];
  const more = fresh.filter(({ key }) => !oldKeys.has(key));
  const fewer = old.filter(({ key }) => !freshKeys.has(key));
  const facts = new Map(about.map((one) => [one.id, one]));
  const [firstOld, firstFresh] = [firstNotifiedAt(old), firstNotifiedAt(fresh)];
  const missed = [...firstOld].filter(([id]) => !firstFresh.has(id));
  const later = [...firstOld].flatMap(([id, at]) => {
    const byMs = (firstFresh.get(id) ?? at) - at;
    return byMs >= noticeableMs ? [{ id, at, byMs }] : [];
  });
  return {
    ...span,
    steps: after.steps,
    log: { sent: sent.length, reproduced: sent.filter((key) => oldKeys.has(key)).length },
    before: messagesIn(old),
    after: messagesIn(fresh),
    more: more.length,
    fewer: fewer.length,
    people: peopleOf(more, fewer),
    missedCount: missed.length,
    missed: missed.slice(0, listedAtMost).map(([id, at]) => named(facts.get(id), { id, at })),
    laterCount: later.length,
    later: later.slice(0, listedAtMost).map(({ id, at, byMs }) => ({ ...named(facts.get(id), { id, at }), byMs })),
    unfinished: after.unfinished,
  };
}

/** The engine ticks every second, so a smaller delay is no difference. */
const noticeableMs = 2_000;

function keysOf(told: readonly ReplayedNotification[]): Set<string> {
  return new Set(told.map(({ key }) => key));
}

/** Counts messages. A morning digest is one message per person. */
function messagesIn(told: readonly ReplayedNotification[]): number {
  return new Set(told.map((one) => (one.digest ? `${one.channel} ${one.person} ${Math.round(one.at / 60_000)}` : one.key))).size;
}

/** Returns the time of the first notification of each incident. */
function firstNotifiedAt(told: readonly ReplayedNotification[]): Map<number, number> {
  const first = new Map<number, number>();
  for (const { incident, kind, at } of told) {
    if (incident === null || (kind !== 'raised' && kind !== 'worsened')) continue;
    first.set(incident, Math.min(first.get(incident) ?? at, at));
  }
  return first;
}

function peopleOf(more: readonly ReplayedNotification[], fewer: readonly ReplayedNotification[]): TabsTrial['people'] {
  const persons = [...new Set([...more, ...fewer].map(({ person }) => person))].toSorted();
  const countOf = (told: readonly ReplayedNotification[], person: string) => told.filter((one) => one.person === person).length;
  return persons.map((person) => ({ person, more: countOf(more, person), fewer: countOf(fewer, person) }));
}

function named(about: IncidentAbout | undefined, { id, at }: { id: number; at: number }): TabsTrial['missed'][number] {
  const { scope = '', fault = '', place } = about ?? {};
  const names = place === undefined ? [] : [place.site.en, ...(isPcPath(scope) ? [place.room.en] : [])];
  return { incident: id, scope, where: names.join(', ') || scope, fault, at };
}
