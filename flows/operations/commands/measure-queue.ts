/**
 * Who measures the capacity of the link now: a queue that turns the command `measure-link` to a scope, and the schedule of each class of
 * link, into commands to single PCs, a few at a time. It lives in memory: a restart loses the rounds, and the schedule goes on.
 * What waits or ends is told on the clock that never jumps (`…Up`, R29); the wall clock says only what is shown, and the slots.
 */
import { createHash } from 'node:crypto';
import {
  type Clock,
  type CommandSummary,
  type CommandView,
  commandLifeMs,
  isPcPath,
  links,
  measureLater,
  repeat,
  siteOf,
  stateOf,
} from '@sabha/contracts';
import type { Ingest } from '../../ingest/ingest.ts';
import type { Report } from '../../ingest/read-message.ts';
import type { CommandsView, Issued, Ordering } from './commands.ts';

/** Who is ordered through, and how many links of a state and of all may be measured at once. */
export type MeasureQueueOptions = {
  clock: Clock;
  commands: CommandsView;
  ingest(): Pick<Ingest, 'table' | 'measurer' | 'record' | 'time' | 'isSubscribed'> | undefined;
  limits: { atOncePerState: number; atOnce: number };
  randomId(): string;
  log: { warn(fields: object, line: string): void };
};

type Answer = CommandView['answers'][number];
/** One site that is to be measured, for each of the rounds that want it; `pc` where somebody named it. */
type Item = { site: string; pc: string | undefined; rounds: Set<Round>; isScheduled: boolean; notBeforeUp: number; tries: number };
/** `open`: who is still to be measured, a site or the PC that was named. */
type Round = { summary: CommandSummary; endsUp: number; open: Set<string>; answers: Map<string, Answer> };
type Running = { item: Item; pc: string; id: string | undefined; endsUp: number };

type State = ReturnType<typeof openState>;

/** Who orders what the schedule of a class of link wants. */
export const scheduleName = 'the schedule';

const tickMs = 5_000;
const lookEveryMs = 60_000;
const againMs = 15 * 60_000;
const triesAtMost = 4;
const roundLifeMs = 12 * 3_600_000;
const roundsKept = 50;
/** More rounds that are not over say nothing new: each site is measured once for all of them. */
const roundsOpen = 10;
const verb = 'measure-link';
const later: readonly (string | null)[] = Object.values(measureLater);

/** Guarantee: never more at once than the limits say, in a state and in all; whoever asks, and whatever the schedule wants. */
export function createMeasureQueue(options: MeasureQueueOptions) {
  const state = openState(options);
  const close = repeat(options.clock, tickMs, () => {
    look(state);
    giveUp(state);
    pump(state);
  });
  return {
    /** Takes orders as `commands` does, and lets measurements wait for their turn. */
    view: {
      issue: (ordering: Ordering) => (ordering.verb === verb ? begin(state, ordering) : options.commands.issue(ordering)),
      async list() {
        const rounds = [...state.rounds.values()].map(({ summary }) => summary);
        return [...rounds, ...(await options.commands.list())].sort((a, b) => b.at - a.at);
      },
      async one(id: string): Promise<CommandView | undefined> {
        const round = state.rounds.get(id);
        if (round === undefined) return options.commands.one(id);
        const { summary, endsUp, open, answers } = round;
        const now = endsUp <= options.clock.up() ? 'expired' : 'open';
        const missing = [...open].filter((who) => !answers.has(isPcPath(who) ? siteOf(who) : who));
        return { ...summary, state: open.size === 0 ? 'answered' : now, answers: [...answers.values()], missing };
      },
    },
    /** What a PC said is committed. */
    heard({ pc, ops }: Pick<Report, 'pc' | 'ops'>): void {
      for (const op of ops) {
        if (op.op !== 'command-answer') continue;
        const { id, verb: _, ...said } = op.answer;
        const run = [...state.running].find((one) => one.id === id && one.pc === pc);
        if (run !== undefined) end(state, run, { pc, at: op.at, ...said });
      }
    },
    close,
  };
}

function openState(options: MeasureQueueOptions) {
  return {
    ...options,
    rounds: new Map<string, Round>(),
    queue: [] as Item[],
    running: new Set<Running>(),
    /** The interval in which each site was last put into the queue by its schedule. */
    slots: new Map<string, number>(),
    lookedUp: Number.NEGATIVE_INFINITY,
  };
}

async function begin(state: State, { to, args, by }: Ordering): Promise<Issued> {
  const { clock, ingest: present, randomId, rounds } = state;
  const ingest = present();
  if (ingest === undefined) throw new Error('the ledger is opened anew');
  if (Object.keys(args).length > 0) return { ok: false, missing: false, line: `bad arguments: ${verb} takes none` };
  if (to !== '' && ingest.table().node(to) === undefined) return { ok: false, missing: true, line: `there is no ${to}` };
  const [at, up] = [clock.now(), clock.up()];
  if ([...rounds.values()].filter(({ open, endsUp }) => open.size > 0 && endsUp > up).length >= roundsOpen)
    return { ok: false, missing: false, line: `${roundsOpen} rounds of measurements are not over yet: wait for one of them` };
  const round: Round = {
    summary: { id: randomId(), by, to, verb, args: {}, at, expires: at + roundLifeMs },
    endsUp: up + roundLifeMs,
    open: new Set<string>(),
    answers: new Map<string, Answer>(),
  };
  const sites = isPcPath(to) ? [siteOf(to)] : ingest.table().sites.map(({ path }) => path);
  const wanted = sites.filter((path) => isPcPath(to) || to === '' || path === to || path.startsWith(`${to}/`));
  for (const site of wanted) round.open.add(isPcPath(to) ? to : site);
  // It counts from now on: whoever orders meanwhile is not to slip past it.
  rounds.set(round.summary.id, round);
  const about = `${to || 'everywhere'}: ${round.summary.id}, ${round.open.size} sites`;
  if (!(await ingest.record([{ op: 'audit', at: ingest.time(), who: by, what: `command ${verb}`, about }]))) {
    rounds.delete(round.summary.id);
    throw new Error('the ledger did not take the command');
  }
  for (const [id] of [...rounds].filter(([, { open }]) => open.size === 0).slice(0, -roundsKept)) rounds.delete(id);
  for (const site of wanted)
    wait(state, { site, pc: isPcPath(to) ? to : undefined, rounds: new Set([round]), isScheduled: false, notBeforeUp: up, tries: 0 });
  pump(state);
  return { ok: true, id: round.summary.id };
}

/** Who waits already is measured once for all that want it, as early as one of them may be. */
function wait({ queue }: State, item: Item): void {
  const same = queue.find(({ site, pc }) => site === item.site && pc === item.pc);
  if (same === undefined) return void queue.push(item);
  for (const round of item.rounds) same.rounds.add(round);
  same.isScheduled ||= item.isScheduled;
  same.notBeforeUp = Math.min(same.notBeforeUp, item.notBeforeUp);
}

/** What the schedule of each class wants: sites are spread over the interval by their name, the same in each; a site that becomes live is measured at once. */
function look(state: State): void {
  const { clock, ingest: present, slots, queue, running } = state;
  const ingest = present();
  const up = clock.up();
  if (ingest === undefined || !ingest.isSubscribed() || up - state.lookedUp < lookEveryMs) return;
  // After a start nobody knows which sites are new.
  const isStart = state.lookedUp === Number.NEGATIVE_INFINITY;
  state.lookedUp = up;
  const busy = new Set([...queue, ...[...running].map(({ item }) => item)].map(({ site }) => site));
  const table = ingest.table();
  for (const { path, site } of table.sites) {
    const pace = site?.stage === 'live' ? links[table.resolve(path).profile.link].capacity : null;
    if (pace === null) {
      slots.delete(path);
      continue;
    }
    const slot = Math.floor((clock.now() + shareOf(path) * pace.everyMs) / pace.everyMs);
    if ((slots.get(path) ?? (isStart ? slot : undefined)) !== slot && !busy.has(path))
      queue.push({ site: path, pc: undefined, rounds: new Set(), isScheduled: true, notBeforeUp: up, tries: 0 });
    slots.set(path, slot);
  }
}

/** Begins whatever may begin now, in the order in which it came. */
function pump(state: State): void {
  const { clock, ingest: present, limits, running } = state;
  const ingest = present();
  if (ingest === undefined || !ingest.isSubscribed()) return;
  const up = clock.up();
  for (const item of [...state.queue]) {
    if (running.size >= limits.atOnce) return;
    const others = [...running].map((one) => one.item.site);
    const ofState = others.filter((other) => stateOf(other) === stateOf(item.site));
    if (item.notBeforeUp > up || others.includes(item.site) || ofState.length >= limits.atOncePerState) continue;
    state.queue.splice(state.queue.indexOf(item), 1);
    const pc = item.pc ?? ingest.measurer(item.site);
    if (pc !== undefined) void start(state, { item, pc, id: undefined, endsUp: up + commandLifeMs });
    else finish(item, { pc: item.site, at: clock.now(), outcome: 'failed', reason: 'no PC of this site is there to measure' });
  }
}

async function start(state: State, run: Running): Promise<void> {
  const { item, pc } = run;
  state.running.add(run);
  const by = [...item.rounds][0]?.summary.by ?? scheduleName;
  const issued = await state.commands
    .issue({ to: pc, verb, args: {}, by })
    .catch((error: Error) => ({ ok: false as const, line: error.message }));
  if (issued.ok) {
    run.id = issued.id;
    return;
  }
  state.log.warn({ who: pc }, `it was not told to measure its link: ${issued.line}`);
  end(state, run, { pc, at: state.clock.now(), outcome: 'failed', reason: issued.line });
}

/** A PC that is not the one that measures any more, or said nothing in the life of its command, holds nobody up. */
function giveUp(state: State): void {
  const ingest = state.ingest();
  const [at, up] = [state.clock.now(), state.clock.up()];
  for (const run of [...state.running]) {
    const isGone = ingest?.isSubscribed() === true && run.item.pc === undefined && ingest.measurer(run.item.site) !== run.pc;
    if (isGone || run.endsUp <= up) end(state, run, { pc: run.pc, at, outcome: 'failed', reason: 'it did not answer' });
  }
  for (const { rounds } of state.queue) for (const round of rounds) if (round.endsUp <= up) rounds.delete(round);
  state.queue = state.queue.filter(({ rounds, isScheduled }) => rounds.size > 0 || isScheduled);
}

function end(state: State, run: Running, answer: Answer): void {
  const { item } = run;
  state.running.delete(run);
  if (later.includes(answer.reason) && item.tries + 1 < triesAtMost) {
    for (const { answers } of item.rounds) answers.set(item.site, answer);
    wait(state, { ...item, notBeforeUp: state.clock.up() + againMs, tries: item.tries + 1 });
  } else finish(item, answer);
  pump(state);
}

function finish(item: Item, answer: Answer): void {
  for (const { answers, open } of item.rounds) {
    answers.set(item.site, answer);
    open.delete(item.pc ?? item.site);
  }
}

/** From 0 to 1, the same for a site each time. */
export function shareOf(site: string): number {
  return createHash('sha256').update(site).digest().readUInt32BE(0) / 2 ** 32;
}
