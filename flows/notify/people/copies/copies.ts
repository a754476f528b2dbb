/** Keeps messages up to date in channels that can edit them: the last answer or deed of the incident is written below each. */
import { doubledMs, fillIn, type MessageLanguage, vocabularyIn } from '@sabha/contracts';
import type { Incident, LogEntry } from '../../../engine/records/incidents.ts';
import { type DeliveryOutcome, linkMark, type OutboxRow } from '../../../engine/records/notices.ts';
import { waitUnlessAborted } from '../channels/kit/pace.ts';
import { answerLine, shorten } from '../channels/kit/plain.ts';
import type { OutboxOptions } from '../outbox.ts';
import type { Roster } from '../roster.ts';

export type CopiesOptions = Pick<OutboxOptions, 'linksTo' | 'clock' | 'channels'> & {
  roster: Pick<Roster, 'book'>;
  /** Returns the outbox rows of one incident whose delivered message can be edited, the newest first. */
  copies(incident: number): Promise<readonly OutboxRow[]>;
  /** Called with an error of the ledger or of a channel. */
  onError(error: Error): void;
};

/** Messages of an incident that are edited per person and channel, the newest first. */
const editsPerPersonLimit = 4;
/** Edits that may wait at a time; further edits are dropped. The wall shows the same text. */
const waitingAtMost = 2_000;
/** Retries of an edit. With the backoff they take an hour or two. */
const again = { times: 10, firstMs: 30_000, maxMs: 15 * 60_000 };

/** The last answer or action of a person about an incident. `line`: null if it was withdrawn, or if there is none. */
type LatestLine = { at: number; line: ((language: MessageLanguage, nameOf: (id: string) => string) => string) | null };

/**
 * Guarantee: only committed answers are written below a message. At most one edit of a message waits at a time. A message to a person who
 * left the roster is not edited.
 * A waiting edit is dropped when the process ends.
 */
export function createCopies(options: CopiesOptions) {
  const { clock, channels, roster, copies, onError: broke } = options;
  const beganAt = clock.now();
  const known = new Map<number, LatestLine>();
  const waiting = new Set<string>();
  const cut = new AbortController();
  const begin = (work: Promise<void>) => void work.catch((error: Error) => cut.signal.aborted || broke(error));

  async function changeAll(incident: number, latest: LatestLine): Promise<void> {
    const rows = Map.groupBy(await copies(incident), ({ channel, person }) => `${channel} ${person}`);
    for (const own of rows.values()) for (const row of own.slice(0, editsPerPersonLimit)) begin(change(row, latest));
  }

  async function change(row: OutboxRow, latest: LatestLine): Promise<void> {
    const { key, notice } = row;
    if (latest.at <= notice.at || waiting.has(key) || waiting.size >= waitingAtMost) return;
    for (let tries = 0; tries < again.times; tries += 1) {
      waiting.add(key);
      const outcome = await edit(row, latest);
      // If a later edit of the same message already waits, that edit replaces this one.
      if (outcome?.result !== 'retry' || waiting.has(key)) return;
      waiting.add(key);
      if (!(await waitUnlessAborted(clock, Math.max(outcome.afterMs ?? 0, doubledMs(tries, again)), cut.signal))) return;
    }
    waiting.delete(key);
  }

  async function edit({ key, copy, channel, notice, person: id }: OutboxRow, latest: LatestLine): Promise<DeliveryOutcome | undefined> {
    const person = roster.book().byId.get(id);
    const incident = notice.incident ?? 0;
    let isSaid = false;
    // The channel requests the text when it sends the edit. A later answer starts another edit.
    const said = () => {
      isSaid = true;
      waiting.delete(key);
      const line = (known.get(incident) ?? latest).line?.(person?.language ?? 'en', nameOf);
      const text = (copy?.text ?? '').replaceAll(linkMark, () => options.linksTo?.(id, notice).tap ?? '');
      return { text, lines: line === undefined ? [] : [line] };
    };
    const outcome = copy && person && (await channels.get(channel)?.channel.edit?.({ id: copy.id, notice, said }, person, cut.signal));
    if (!isSaid) waiting.delete(key);
    return outcome;
  }

  const nameOf = (id: string) => roster.book().byId.get(id)?.name ?? id;
  return {
    /** Called with committed incidents. Edits their messages if there is a newer answer or action. */
    changed(incidents: readonly Incident[]): void {
      for (const incident of incidents) {
        const { id } = incident;
        const [latest, before] = [latestOf(incident), known.get(id)];
        if (incident.over === null) known.set(id, latest);
        else known.delete(id);
        if (before === undefined ? latest.at > beganAt : latest.at !== before.at) begin(changeAll(id, latest));
      }
    },
    /** Called with a delivered row. Adds an answer that a person gave while the message was being delivered. */
    messageDelivered(row: OutboxRow): void {
      const latest = known.get(row.notice.incident ?? 0);
      if (latest !== undefined) begin(change(row, latest));
    },
    stop: (): void => cut.abort(),
  };
}

/** Actions of people that are shown below a message. A snooze does not concern other recipients. */
const shownDeeds: readonly LogEntry['did'][] = ['acknowledged', 'taken-over', 'assigned', 'fixed', 'lapsed', 'reopened', 'withdrawn'];

/** Returns the answer of a person rather than the action that the answer caused, because the answer holds the words of the person. */
export function latestOf({ deeds = [], answers = [] }: Pick<Incident, 'deeds' | 'answers'>): LatestLine {
  const said = answers.flatMap(({ at, by, word }) => (word === 'here' ? [] : [{ at, by, word }])).at(-1);
  const done = deeds.findLast(({ did }) => shownDeeds.includes(did));
  if (said !== undefined && said.at >= (done?.at ?? 0))
    return { at: said.at, line: (language) => answerLine(shorten(said.by), said.word, language) };
  return { at: done?.at ?? 0, line: done === undefined || done.did === 'withdrawn' ? null : (...to) => lineOf(done, ...to) };
}

function lineOf({ by, did, to: whom = '' }: LogEntry, language: MessageLanguage, nameOf: (id: string) => string): string {
  const { message, again: anew } = vocabularyIn(language);
  const [name, to] = [shorten(by), shorten(nameOf(whom))];
  if (did === 'fixed') return answerLine(name, did, language);
  if (did === 'assigned') return fillIn(message.asked, { name, to });
  if (did === 'lapsed') return fillIn(anew.lapsed, { name: to });
  if (did === 'reopened') return `${message.stillThere}: ${fillIn(anew.reopened, { name: to })}`;
  return fillIn(message.onIt, { name });
}
