/** The copies of a message that stand with people, where a channel can change them: each says who took its incident since, whatever the way of taking. */
import { type AnswerWord, type Clock, doubledMs, filled, type MessageLanguage, wordsIn } from '@sabha/contracts';
import type { Deed, Incident } from '../../../engine/records/incidents.ts';
import { linkMark, type OutboxRow, type Outcome } from '../../../engine/records/notices.ts';
import type { Channels } from '../channels/channels.ts';
import { answerLine } from '../channels/kit/buttons.ts';
import { waited } from '../channels/kit/pace.ts';
import { short } from '../channels/kit/plain.ts';
import type { OutboxOptions } from '../outbox.ts';
import type { Roster } from '../roster.ts';

/** What copies are changed with. */
export type CopiesOptions = Pick<OutboxOptions, 'answerLink'> & {
  clock: Clock;
  channels: Channels;
  roster: Pick<Roster, 'book'>;
  /** Rows whose message stands and can be changed, of one incident, the newest first. */
  copies(incident: number): Promise<readonly OutboxRow[]>;
  /** They could not be asked for, or a channel broke. */
  broke(error: Error): void;
};

/** Of one person on one channel so many of the last messages of an incident are changed: nobody looks at older ones. */
const eachAtMost = 4;
/** Changes that wait. Beyond it some are left out: each is a line that the wall shows too. */
const waitingAtMost = 2_000;
/** A channel that is away is tried again for an hour or two. */
const again = { times: 10, firstMs: 30_000, maxMs: 15 * 60_000 };
/** What was said so shortly before a start may not have been written yet: it is written again. */
const recentMs = 20 * 60_000;

/** What is known of an incident; a change that waits for its turn says what came meanwhile. */
type Known = { sayings: readonly Saying[]; lastAt: number };

/**
 * `started`: the incidents as they were at the start, whose copies say what there was to say, but for the last of it.
 * Guarantee: nothing is written below a message that is not committed; of one message one change waits, however much is said; nobody is written to who is gone from the roster.
 */
export function createCopies(options: CopiesOptions, started: readonly Incident[]) {
  const { clock, channels, roster, copies, broke } = options;
  const known = new Map<number, Known>();
  const waiting = new Set<string>();
  const cut = new AbortController();

  function learn(incident: Incident): Known {
    const about = known.get(incident.id) ?? { sayings: [], lastAt: 0 };
    about.sayings = sayingsOf(incident);
    const { deeds = [], answers = [] } = incident;
    // Also when something was taken back.
    about.lastAt = Math.max(deeds.at(-1)?.at ?? 0, answers.at(-1)?.at ?? 0);
    if (incident.over === null) known.set(incident.id, about);
    else known.delete(incident.id);
    return about;
  }

  const begin = (work: Promise<void>) => void work.catch((error: Error) => cut.signal.aborted || broke(error));
  const tell = async (incident: number, about: Known) => {
    for (const row of lastOfEach(await copies(incident))) begin(change(row, about));
  };

  /** Its key waits until its turn has come: what is said later is a change of its own. */
  async function change(row: OutboxRow, about: Known): Promise<void> {
    const { key } = row;
    if (about.lastAt <= row.notice.at || waiting.has(key) || waiting.size >= waitingAtMost) return;
    for (let tries = 0; tries < again.times; tries += 1) {
      waiting.add(key);
      const outcome = await edit(row, about);
      if (outcome?.result !== 'retry' || waiting.has(key)) return;
      waiting.add(key);
      if (!(await waited(clock, Math.max(outcome.afterMs ?? 0, doubledMs(tries, again)), cut.signal))) return;
    }
    waiting.delete(key);
  }

  async function edit(row: OutboxRow, about: Known): Promise<Outcome | undefined> {
    const { key, copy, notice } = row;
    const person = roster.book().byId.get(row.person);
    const channel = channels.get(row.channel)?.channel;
    let isAsked = false;
    const said = () => {
      isAsked = true;
      waiting.delete(key);
      return saidBelow(row, about, options);
    };
    const outcome = copy && person && (await channel?.edit?.({ id: copy.id, notice, said }, person, cut.signal));
    if (!isAsked) waiting.delete(key);
    return outcome;
  }

  for (const incident of started) {
    const about = learn(incident);
    if (known.has(incident.id) && clock.now() - about.lastAt < recentMs) begin(tell(incident.id, about));
  }
  return {
    /** Takes incidents as committed: where more was said or done than before, their copies say so. */
    changed(incidents: readonly Incident[]): void {
      for (const incident of incidents) {
        const before = JSON.stringify(known.get(incident.id)?.sayings ?? []);
        const about = learn(incident);
        if (JSON.stringify(about.sayings) !== before) begin(tell(incident.id, about));
      }
    },
    /** A message stands: what was said while it was on its way is written below it. */
    stands(row: OutboxRow): void {
      const about = known.get(row.notice.incident ?? 0);
      if (about?.sayings.some(({ at }) => at > row.notice.at)) begin(change(row, about));
    },
    stop: (): void => cut.abort(),
  };
}

/** The text as it was sent, with a link that is good again, and what was said since. */
function saidBelow(
  { notice, copy, person: id }: OutboxRow,
  { sayings }: Known,
  { roster, answerLink }: Pick<CopiesOptions, 'roster' | 'answerLink'>,
) {
  const { byId } = roster.book();
  const language = byId.get(id)?.language ?? 'en';
  return {
    text: (copy?.text ?? '').replaceAll(linkMark, () => answerLink?.(id, notice.incident ?? 0) ?? ''),
    lines: linesOf(sayings, { since: notice.at, language, nameOf: (one) => byId.get(one)?.name ?? one }),
  };
}

/** The last rows of each person on each channel. */
function lastOfEach(rows: readonly OutboxRow[]): OutboxRow[] {
  const groups = Map.groupBy(rows, ({ channel, person }) => `${channel} ${person}`);
  return [...groups.values()].flatMap((own) => own.slice(0, eachAtMost));
}

/** One of them. */
export type Saying = { at: number; by: string } & ({ word: AnswerWord } | Pick<Deed, 'did' | 'to'>);

/** So many of the last lines stand there. */
const linesAtMost = 8;
/** Quiet is nothing that those who know of it wait for. */
const shown: readonly Deed['did'][] = ['acknowledged', 'taken-over', 'assigned', 'fixed', 'lapsed', 'reopened'];

/** What was said and done of an incident, in its order, however it came; what was taken back at once was not. */
export function sayingsOf({ deeds = [], answers = [] }: Pick<Incident, 'deeds' | 'answers'>): Saying[] {
  const gone = takenBack(deeds);
  const said = answers.flatMap(({ at, by, word }) => (word === 'here' ? [] : [{ at, by, word }]));
  // Whoever answers did by it what stands there of the same moment: the answer is nearer to their words. So is *fixed*, by which it is taken too.
  const spoken = new Set(said.map(momentOf));
  const done = new Map(deeds.filter((one) => shown.includes(one.did) && !spoken.has(momentOf(one))).map((one) => [momentOf(one), one]));
  return [...done.values(), ...said].filter((one) => !gone.has(momentOf(one))).toSorted((a, b) => a.at - b.at);
}

/** The lines of what came after a time. `nameOf`: of the person with that id. */
export function linesOf(
  sayings: readonly Saying[],
  { since, language, nameOf }: { since: number; language: MessageLanguage; nameOf(id: string): string },
): string[] {
  const lines = sayings.filter(({ at }) => at > since).map((one) => lineOf(one, language, nameOf));
  return lines.filter((line, at) => line !== lines[at - 1]).slice(-linesAtMost);
}

function lineOf(one: Saying, language: MessageLanguage, nameOf: (id: string) => string): string {
  const { message, again } = wordsIn(language);
  const name = short(one.by);
  if ('word' in one) return answerLine(name, one.word, language);
  const to = short(nameOf(one.to ?? ''));
  if (one.did === 'fixed') return answerLine(name, one.did, language);
  if (one.did === 'assigned') return filled(message.asked, { name, to });
  if (one.did === 'lapsed') return filled(again.lapsed, { name: to });
  if (one.did === 'reopened') return `${message.stillThere}: ${filled(again.reopened, { name: to })}`;
  return filled(message.onIt, { name });
}

/** The moments at which something was taken that was taken back. */
function takenBack(deeds: readonly Deed[]): Set<string> {
  const held: Deed[] = [];
  const gone = new Set<string>();
  for (const deed of deeds) {
    if (deed.did === 'acknowledged' || deed.did === 'taken-over') held.push(deed);
    const last = deed.did === 'withdrawn' ? held.findLast(({ by }) => by === deed.by) : undefined;
    if (last !== undefined) gone.add(momentOf(last));
  }
  return gone;
}

function momentOf({ at, by }: Pick<Saying, 'at' | 'by'>): string {
  return `${at} ${by}`;
}
