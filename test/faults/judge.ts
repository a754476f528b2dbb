/** What the people in the rooms and at the centre may hold against a run: who was not told, who was told twice, who was called silent. */
import { faultOf } from '@sabha/contracts';
import type { Transition } from '../../flows/engine/records/incidents.ts';
import type { Notice, OutboxRow } from '../../flows/engine/records/notices.ts';
import type { Mail } from '../system/mailbox.ts';
import type { Stretch } from './load.ts';

/** A mail that arrived, with what its row in the ledger says it is about. */
export type Word = Pick<Mail, 'key' | 'text' | 'fromMs' | 'atMs'> & { notice: Notice };

/** A mail under way when a fault ends is still in time. */
const graceMs = 500;
/** A mail that flows had sent whole before it was killed may be read from the socket this much later; flows is not back so soon. */
const inSocketMs = 300;

/** Joins mails with their rows by the key in their header; a mail without a row is told by `strangers`. */
export function wordsOf(mails: readonly Mail[], rows: readonly OutboxRow[]): { words: Word[]; strangers: string[] } {
  const notices = new Map(rows.map(({ key, notice }) => [key, notice]));
  const words = mails.flatMap(({ key, text, fromMs, atMs }) => {
    const notice = notices.get(key);
    return notice ? [{ key, text, fromMs, atMs, notice }] : [];
  });
  return { words, strangers: mails.filter(({ key }) => !notices.has(key)).map(({ key, subject }) => `${key}: ${subject}`) };
}

/** What is known of a fault that should have been told: every mail about it, and what became of its steps in the ledger. */
export function evidenceOf(
  one: Stretch,
  words: readonly Word[],
  ledger: { transitions: readonly Transition[]; outbox: readonly OutboxRow[] },
): string {
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  const mails = words.filter((word) => isAbout(word, one)).map(({ notice, atMs }) => `${notice.kind} at ${seconds(atMs)}`);
  const steps = ledger.transitions.filter(({ about }) => about.some(({ fault, device }) => fault === one.fault && device === one.device));
  const tries = (id: number) =>
    ledger.outbox
      .filter(({ transition }) => transition === id)
      .map(({ channel, tries: n, lastError }) => `${channel} ${n} ${lastError ?? ''}`);
  const concluded = steps.map(({ id, kind, conclusion }) => `${id} ${kind}: ${conclusion} [${tries(id).join(', ')}]`);
  const stood = `stood from ${seconds(one.fromMs)} to ${seconds(one.toMs)}, ${seconds(one.steadyToMs - one.steadyFromMs)} of it steady`;
  return `${one.pc} ${one.fault} ${one.device} ${stood}; mails: ${mails.join(', ') || 'none'}; steps: ${concluded.join(' | ') || 'none'}`;
}

/** The faults that stood for `tellMs` of steady time, and of which the last word at their end was not that they stand. */
export function untold(stretches: readonly Stretch[], words: readonly Word[], tellMs: (one: Stretch) => number): Stretch[] {
  return mustBeTold(stretches, tellMs).filter((one) => {
    const heard = words.filter((word) => word.atMs <= one.toMs + graceMs);
    const last = heard.findLast((word) => isAbout(word, one));
    const stands = last?.notice.kind === 'raised' || last?.notice.kind === 'worsened';
    return !stands && !heard.some((word) => word.atMs >= one.fromMs && isInBundle(word, one));
  });
}

/** R27: of a room so much is told in an hour, and what is not critical beyond it is counted. */
const anHourAtMost = 3;

/** True of what was over before its turn, where its room had all of its messages within the hour. `hourMs`: by the clock of the mails. */
export function isCounted(
  one: Stretch,
  { words, transitions, hourMs }: { words: readonly Word[]; transitions: readonly Transition[]; hourMs: number },
) {
  const isOfIt = ({ about }: Transition) => about.some(({ fault, device }) => fault === one.fault && device === one.device);
  const isCountedStep = transitions.some((step) => step.conclusion === 'counted: enough was told in this hour' && isOfIt(step));
  const told = words.filter(({ notice, atMs }) => notice.scope === one.pc && atMs > one.fromMs - hourMs && atMs <= one.toMs + graceMs);
  return isCountedStep && told.length >= anHourAtMost;
}

export function mustBeTold(stretches: readonly Stretch[], tellMs: (one: Stretch) => number): Stretch[] {
  return stretches.filter((one) => one.steadyToMs - one.steadyFromMs >= tellMs(one));
}

type Copy = Pick<Word, 'key' | 'fromMs' | 'atMs'>;

/**
 * Mails that came more than once without a crash of flows between them, more than one for a crash, or a third time. `slowMs`: after so long on
 * its way one is slow, and the next goes beside it: a crash may tell both twice.
 */
export function wronglyTwice(words: readonly Copy[], crashes: readonly number[], slowMs: number): string[] {
  const byCrash = new Map<number, Copy[]>();
  const wrong: string[] = [];
  for (const [key, same] of Map.groupBy(words, (word) => word.key)) {
    const [first, second, ...more] = same.toSorted((a, b) => a.atMs - b.atMs);
    if (first === undefined || second === undefined) continue;
    if (more.length > 0) wrong.push(`${key}: ${more.length + 2} times`);
    const crash =
      crashes.find((at) => at > first.atMs && at < second.atMs) ?? crashes.find((at) => at <= first.atMs && at > first.atMs - inSocketMs);
    if (crash === undefined) wrong.push(`${key}: twice without a crash`);
    else byCrash.set(crash, [...(byCrash.get(crash) ?? []), first]);
  }
  for (const [at, copies] of byCrash) {
    const order = copies.toSorted((a, b) => a.fromMs - b.fromMs);
    const isAlone = order.every(({ atMs }, n) => atMs >= (order[n - 1]?.fromMs ?? Number.NEGATIVE_INFINITY) + slowMs);
    if (!isAlone) wrong.push(`${order.map(({ key }) => key).join(', ')}: all twice for the crash at ${Math.round(at)}`);
  }
  return wrong;
}

/** Every time that a PC was called silent or unheard, in an incident or in a mail. */
export function calledSilent(transitions: readonly Transition[], words: readonly Word[]): string[] {
  const about = transitions.flatMap(({ id, kind, about: all }) => all.map(({ fault, device }) => ({ id, kind, fault, device })));
  const incidents = about
    .filter(({ fault }) => silences.includes(fault))
    .map((one) => `transition ${one.id} ${one.kind} ${one.fault} ${one.device}`);
  const mails = words.filter(({ notice, text }) =>
    silences.some((fault) => text.includes(titleOf(fault)) || notice.faults.some((one) => one.fault === fault)),
  );
  return [...incidents, ...mails.map(({ key, text }) => `${key}: ${text}`)];
}

const silences = ['pc.silent', 'centre.unheard'];

/** A mail is about a fault where its row says so and its text names room and fault, or says that there are more than it has room for. */
function isAbout({ notice, text }: Word, { pc, fault, device, name }: Stretch): boolean {
  if (notice.scope !== pc || !notice.faults.some((one) => one.fault === fault && one.device === device)) return false;
  const isNamed = text.includes(name) || text.includes(titleOf(fault)) || /\band \d+ more/.test(text);
  const [place = ''] = text.split('\n');
  return isNamed && place.startsWith(`${notice.site.en}, `) && place.endsWith(notice.room.en);
}

function isInBundle({ notice }: Word, { pc, fault }: Stretch): boolean {
  const room = ` Room ${pc.slice(pc.lastIndexOf('/') + 1)}: `;
  return notice.kind === 'unfinished' && notice.lines.some((line) => line.includes(room) && line.includes(titleOf(fault)));
}

function titleOf(fault: string): string {
  return faultOf(fault)?.title.en ?? fault;
}
