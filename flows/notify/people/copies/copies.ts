/** The messages of an incident that a channel can change where they stand: below each is the last thing that somebody said or did about it. */
import { type AnswerWord, type Clock, doubledMs, filled, type MessageLanguage, wordsIn } from '@sabha/contracts';
import type { Deed, Incident } from '../../../engine/records/incidents.ts';
import { linkMark, type OutboxRow } from '../../../engine/records/notices.ts';
import type { Channels } from '../channels/channels.ts';
import { answerLine } from '../channels/kit/buttons.ts';
import { waited } from '../channels/kit/pace.ts';
import { short } from '../channels/kit/plain.ts';
import type { OutboxOptions } from '../outbox.ts';
import type { Roster } from '../roster.ts';

/** What messages are changed with. */
export type CopiesOptions = Pick<OutboxOptions, 'answerLink'> & {
  clock: Clock;
  channels: Channels;
  roster: Pick<Roster, 'book'>;
  /** Rows of one incident whose message can be changed, the newest first. */
  copies(incident: number): Promise<readonly OutboxRow[]>;
  /** Takes an error of the ledger or of a channel. */
  broke(error: Error): void;
};

/** How many of the last messages of an incident are changed for each person and channel. */
const eachAtMost = 4;
/** How many changes wait at most; more are left out. The wall shows the same. */
const waitingAtMost = 2_000;
/** How often a channel is tried again, for an hour or two. */
const again = { times: 10, firstMs: 30_000, maxMs: 15 * 60_000 };

/** The last thing that was said or done about an incident; a `line` of null is none. */
type Latest = { at: number; line: ((language: MessageLanguage, nameOf: (id: string) => string) => string) | null };

/** Guarantee: only what is committed is written below a message, one change of a message waits at a time, and nobody who left the roster gets one. A change is lost with the process. */
export function createCopies(options: CopiesOptions) {
  const { clock, channels, roster, copies, broke } = options;
  const beganAt = clock.now();
  const known = new Map<number, Latest>();
  const waiting = new Set<string>();
  const cut = new AbortController();
  const begin = (work: Promise<void>) => void work.catch((error: Error) => cut.signal.aborted || broke(error));

  async function changeAll(incident: number, latest: Latest): Promise<void> {
    const rows = Map.groupBy(await copies(incident), ({ channel, person }) => `${channel} ${person}`);
    for (const own of rows.values()) for (const row of own.slice(0, eachAtMost)) begin(change(row, latest));
  }

  async function change(row: OutboxRow, latest: Latest): Promise<void> {
    const { key, copy, notice, person: id } = row;
    if (copy === undefined || latest.at <= notice.at || waiting.has(key) || waiting.size >= waitingAtMost) return;
    for (let tries = 0; tries < again.times; tries += 1) {
      waiting.add(key);
      const person = roster.book().byId.get(id);
      // The text is made when the turn of the message comes: what is said later is a change of its own.
      const said = () => {
        waiting.delete(key);
        const line = (known.get(notice.incident ?? 0) ?? latest).line?.(person?.language ?? 'en', nameOf);
        const text = copy.text.replaceAll(linkMark, () => options.answerLink?.(id, notice.incident ?? 0) ?? '');
        return { text, lines: line === undefined ? [] : [line] };
      };
      const outcome = person && (await channels.get(row.channel)?.channel.edit?.({ id: copy.id, notice, said }, person, cut.signal));
      if (outcome?.result !== 'retry') break;
      waiting.add(key);
      if (!(await waited(clock, Math.max(outcome.afterMs ?? 0, doubledMs(tries, again)), cut.signal))) return;
    }
    waiting.delete(key);
  }

  const nameOf = (id: string) => roster.book().byId.get(id)?.name ?? id;
  return {
    /** Takes incidents as committed, and changes their messages where somebody said or did more. */
    changed(incidents: readonly Incident[]): void {
      for (const incident of incidents) {
        const { id } = incident;
        const [latest, before] = [latestOf(incident), known.get(id)];
        if (incident.over === null) known.set(id, latest);
        else known.delete(id);
        if (latest.at > (before?.at ?? beganAt)) begin(changeAll(id, latest));
      }
    },
    /** Takes a row that was delivered: what was said while it was on its way is written below it. */
    stands(row: OutboxRow): void {
      const latest = known.get(row.notice.incident ?? 0);
      if (latest !== undefined) begin(change(row, latest));
    },
    stop: (): void => cut.abort(),
  };
}

/** The deeds that are shown. That an incident is quiet concerns nobody who waits for it. */
const shown: readonly Deed['did'][] = ['acknowledged', 'taken-over', 'assigned', 'fixed', 'lapsed', 'reopened', 'withdrawn'];

/** Of an answer and the deed that it caused the answer counts: it is nearer to the words of the person. */
export function latestOf({ deeds = [], answers = [] }: Pick<Incident, 'deeds' | 'answers'>): Latest {
  const said = answers.flatMap(({ at, by, word }) => (word === 'here' ? [] : [{ at, by, word }])).at(-1);
  const done = deeds.findLast(({ did }) => shown.includes(did));
  if (said !== undefined && said.at >= (done?.at ?? 0)) return { at: said.at, line: (language) => answered(said.by, said.word, language) };
  return { at: done?.at ?? 0, line: done === undefined || done.did === 'withdrawn' ? null : (...to) => lineOf(done, ...to) };
}

function lineOf({ by, did, to: whom = '' }: Deed, language: MessageLanguage, nameOf: (id: string) => string): string {
  const { message, again: anew } = wordsIn(language);
  const [name, to] = [short(by), short(nameOf(whom))];
  if (did === 'fixed') return answered(by, did, language);
  if (did === 'assigned') return filled(message.asked, { name, to });
  if (did === 'lapsed') return filled(anew.lapsed, { name: to });
  if (did === 'reopened') return `${message.stillThere}: ${filled(anew.reopened, { name: to })}`;
  return filled(message.onIt, { name });
}

function answered(by: string, word: AnswerWord, language: MessageLanguage): string {
  return answerLine(short(by), word, language);
}
