/** The weekly finding: what the roster lacks in the two weeks to come is told to each state's officer, in one message; where all is well nothing is. */
import { type Cancel, type Clock, type RosterCheck, zonedAt } from '#contracts';
import type { Roster } from '../people/roster.ts';
import { weeklyKey } from '../records/meta-keys.ts';
import type { Op } from '../records/ops.ts';
import type { Place } from '../records/place.ts';
import type { Trial } from '../roster/roster-orders.ts';
import { type Lacks, lackLines } from './lacks.ts';

/** Who is asked, and who is told. */
export type WeeklyOptions = {
  clock: Clock;
  /** The centre's time. */
  now(): number;
  /** When it was last told, as the ledger has it. */
  toldAt: string | undefined;
  /** The states that have a site. */
  states(): readonly string[];
  /** Tries the roster out; undefined where no tabs run. */
  check(trial: Trial): Promise<RosterCheck | undefined>;
  /** Whom no channel reaches, whose channels nobody has tried for long, and who shares a number. */
  weak(): Pick<Lacks, 'unreached' | 'unproven' | 'shared'>;
  roster: Pick<Roster, 'resolve' | 'central' | 'person'>;
  place(scope: string): Place;
  /** A word to one person, as it goes into the outbox. */
  word(person: string, lines: string[]): Op;
  /** Lets others go on. */
  pause(): Promise<void>;
  /** Writes the rows; false where the ledger takes nothing now. */
  record(ops: readonly Op[]): Promise<boolean>;
  log: { error(fields: object, line: string): void };
};

const lookEveryMs = 10 * 60_000;
const days = 14;
const [monday, hour] = [1, 10];
/** Of the time of one processor it takes at most one part of so many. */
const shareOfTime = 10;

/**
 * Looks each ten minutes whether the Monday morning has come. The first one is that after the first start.
 * Guarantee: a week is told once: its messages and the word that they were told are one commit. It takes a tenth of a processor, in slices of one hour tried out.
 */
export function startWeekly(options: WeeklyOptions): Cancel {
  const { clock, now, record, log } = options;
  let told = options.toldAt === undefined ? undefined : Number(options.toldAt);
  let cancel: Cancel = () => {};
  let isOver = false;

  async function look(): Promise<void> {
    const at = now();
    // A clock that was ahead is not to keep it silent for years.
    if (told === undefined || told > at) return begin(at);
    if (at < mondayAfter(told, options.place('').timeZone)) return;
    const words = await wordsOf(options, () => isOver);
    if (words !== undefined && (await record([...words, keptRow(at)]))) told = at;
  }
  async function begin(at: number): Promise<void> {
    if (await record([keptRow(at)])) told = at;
  }
  function next(): void {
    const failed = (error: Error) => log.error({ err: error }, 'the roster could not be tried out for the week');
    cancel = clock.after(
      lookEveryMs,
      () =>
        void look()
          .catch(failed)
          .finally(() => isOver || next()),
    );
  }
  next();
  return () => {
    isOver = true;
    cancel();
  };
}

function keptRow(at: number): Op {
  return { op: 'meta', key: weeklyKey, value: String(at) };
}

/** The first Monday morning after a time, by the clock of the centre. */
export function mondayAfter(at: number, timeZone: string): number {
  const local = zonedAt(at, timeZone);
  const ofWeek = local
    .startOfDay()
    .add({ days: monday - local.dayOfWeek })
    .with({ hour });
  return (ofWeek.epochMilliseconds > at ? ofWeek : ofWeek.add({ weeks: 1 })).epochMilliseconds;
}

/** A word to each who should hear something; undefined where the tabs do not run, or while it ends. */
async function wordsOf(options: WeeklyOptions, isOver: () => boolean): Promise<Op[] | undefined> {
  const { roster, place, word, now, states, check, weak } = options;
  const pause = sparing(options);
  const found = new Map<string, Lacks>();
  const lacksFor = (state: string) => {
    const persons = state === '' ? roster.central(now()) : roster.resolve(['state'], state, { now: now() }).persons;
    return persons.map(({ id }) =>
      found.getOrInsertComputed(id, () => ({ gaps: [], untold: [], unreached: [], unproven: [], shared: [] })),
    );
  };
  for (const state of states()) {
    const checked = await check({ scope: state, days, pause });
    if (checked === undefined || isOver()) return undefined;
    for (const { gaps, untold } of lacksFor(state)) {
      gaps.push(...checked.gaps);
      untold.push(...checked.untold);
    }
  }
  const stateOfPerson = (id: string) => roster.person(id).scope.split('/', 1)[0] ?? '';
  const { unreached, unproven, shared } = weak();
  for (const id of unreached) for (const lacks of lacksFor(stateOfPerson(id))) lacks.unreached.push(id);
  for (const one of unproven) for (const lacks of lacksFor(stateOfPerson(one.person))) lacks.unproven.push(one);
  for (const ids of shared) for (const lacks of new Set(ids.flatMap((id) => lacksFor(stateOfPerson(id))))) lacks.shared.push(ids);
  const sight = { place, nameOf: (id: string) => roster.person(id).name };
  const linesFor = (id: string, lacks: Lacks) => lackLines(lacks, roster.person(id).language, sight);
  const told = [...found].map(([id, lacks]) => ({ id, lines: linesFor(id, lacks) }));
  return told.filter(({ lines }) => lines.length > 0).map(({ id, lines }) => word(id, ['roster_lacks', ...lines]));
}

/** A pause that is nine times as long as the work before it. */
function sparing({ clock, pause }: Pick<WeeklyOptions, 'clock' | 'pause'>): () => Promise<void> {
  let beganUp = clock.up();
  return async () => {
    const worked = clock.up() - beganUp;
    await pause();
    if (worked > 0) await new Promise<void>((go) => void clock.after(worked * (shareOfTime - 1), go));
    beganUp = clock.up();
  };
}
