/** What this PC remembers of commands: with the spool on its disk, so that none is ever carried out twice. */
import * as v from 'valibot';
import { type Command, commandLifeMs, readJson } from '#contracts';
import type { Spool } from '../../uplink/spool/spool.ts';

/** `begun`: to be carried out, or cut short; `boot` is the one it began in, `at` when the centre issued it. */
const entry = v.object({
  id: v.string(),
  verb: v.string(),
  counter: v.number(),
  at: v.number(),
  boot: v.string(),
  state: v.picklist(['begun', 'answered']),
});
/** Nothing up to `floor` is obeyed any more. `isLost`: what was known before is gone, and no process has outlived it yet. */
const content = v.object({ floor: v.number(), entries: v.array(entry), isLost: v.optional(v.boolean(), false) });

/** A command that was obeyed or refused, and how far it came. */
export type Entry = v.InferOutput<typeof entry>;
type Content = v.InferOutput<typeof content>;

/** The commands of the last week. */
export type Journal = ReturnType<typeof openJournal>;

const keptMs = 7 * 86_400_000;
const keptAtMost = 500;
const word = 'commands';

/**
 * The counter of the centre rises with each command, so that it says the order in which they were issued, whatever any clock shows. Two may
 * overtake each other (one to the PC, one to its state; or again at a birth), so one below the highest is obeyed too, unless it had expired
 * when the highest was issued: what a hostile broker holds back, it can deliver at most until the next command.
 */
export function openJournal({ spool, up }: { spool: Spool; up(): number }) {
  let held = load(spool);
  const openedUp = up();
  const save = (next: Content): boolean => {
    if (!spool.remember(word, JSON.stringify(next))) return false;
    held = next;
    return true;
  };
  /** Whatever it was told before has expired by then; a process that ends sooner leaves the waiting to the next one. */
  const isLost = () => held.isLost && up() - openedUp < commandLifeMs;
  if (held.isLost || spool.recall(word) === undefined) save(held);
  return {
    /** Why a command may not be obeyed by what was told before; null where it may. `known`: it has been answered, or is about to be. */
    objection({
      id,
      counter,
      expires,
    }: Command): 'known' | 'counter' | 'older than what came since' | 'this PC lost its memory of commands' | null {
      if (held.entries.some((one) => one.id === id)) return 'known';
      if (isLost()) return 'this PC lost its memory of commands';
      if (counter <= held.floor || held.entries.some((one) => one.counter === counter)) return 'counter';
      const top = held.entries.at(-1);
      return top !== undefined && counter < top.counter && expires <= top.at ? 'older than what came since' : null;
    },
    /** Guarantee: true only when it is on disk. */
    put: (fresh: Entry): boolean => save(bounded({ ...held, entries: [...held.entries.filter(({ id }) => id !== fresh.id), fresh] })),
    /** As if it had never come; nothing where the disk refuses. */
    forget: (id: string): void => void save({ ...held, entries: held.entries.filter((one) => one.id !== id) }),
    /** Notes it when a memory that was lost does no harm any more. */
    tick(): void {
      if (held.isLost && !isLost()) save({ ...held, isLost: false });
    },
    /** What an earlier run began and did not answer. */
    cutShort: (): Entry[] => held.entries.filter(({ state }) => state === 'begun'),
  };
}

/** A spool that has had events had this word too, since it is written at the first start; one that was rebuilt had it before. */
function load(spool: Spool): Content {
  const kept = spool.recall(word);
  return readJson(content, kept) ?? { floor: 0, entries: [], isLost: kept !== undefined || spool.range().last > 1 || spool.isRebuilt() };
}

/** Sorted by counter. What is older than a week by the centre's own times goes, and what is too much; nothing below it is obeyed again. */
function bounded({ floor, entries, isLost }: Content): Content {
  const sorted = entries.toSorted((a, b) => a.counter - b.counter);
  const newest = sorted.at(-1)?.at ?? 0;
  const first = sorted.length - keptAtMost;
  const gone = sorted.filter(({ at }, index) => index < first || at < newest - keptMs);
  return { isLost, floor: Math.max(floor, ...gone.map(({ counter }) => counter)), entries: sorted.filter((one) => !gone.includes(one)) };
}
