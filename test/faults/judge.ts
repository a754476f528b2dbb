/** Audits the notifications of a run: missing mails, duplicate mails, and PCs wrongly reported as silent. */
import { faultOf } from '@sabha/contracts';
import type { Transition } from '../../flows/engine/records/incidents.ts';
import type { Notice, OutboxRow } from '../../flows/engine/records/notices.ts';
import type { Mail } from '../system/mailbox.ts';
import type { Stretch } from './load.ts';

/** A delivered mail with the notice in its outbox row. */
export type Word = Pick<Mail, 'key' | 'text' | 'fromMs' | 'atMs'> & { notice: Notice };

/** Tolerance in ms: a mail in transmission when the fault ends is still in time. */
const graceMs = 500;
/**
 * Time in ms in which a mail that flows sent completely before a kill can still be read from the socket. A restart of flows takes longer.
 */
const inSocketMs = 300;

/** Joins mails with their outbox rows by the key in the header. `strangers` are mails without a row. */
export function wordsOf(mails: readonly Mail[], rows: readonly OutboxRow[]): { words: Word[]; strangers: string[] } {
  const notices = new Map(rows.map(({ key, notice }) => [key, notice]));
  const words = mails.flatMap(({ key, text, fromMs, atMs }) => {
    const notice = notices.get(key);
    return notice ? [{ key, text, fromMs, atMs, notice }] : [];
  });
  return { words, strangers: mails.filter(({ key }) => !notices.has(key)).map(({ key, subject }) => `${key}: ${subject}`) };
}

/** Returns the evidence about a fault: its mails, and its transitions in the ledger. */
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

/** Returns the faults that lasted for `tellMs` of steady time, but had no current notification at their end. */
export function untold(stretches: readonly Stretch[], words: readonly Word[], tellMs: (one: Stretch) => number): Stretch[] {
  return mustBeTold(stretches, tellMs).filter((one) => {
    const heard = words.filter((word) => word.atMs <= one.toMs + graceMs);
    const last = heard.findLast((word) => isAbout(word, one));
    const stands = last?.notice.kind === 'raised' || last?.notice.kind === 'worsened';
    return !stands && !heard.some((word) => word.atMs >= one.fromMs && isInBundle(word, one));
  });
}

/** Messages about a room in an hour, by R27 (quota and backpressure). Further messages without a critical fault are only counted. */
const anHourAtMost = 3;

/**
 * Whether the fault ended before its notification was due, and its room had all its messages of that hour. `hourMs` is an hour in real
 * time.
 */
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
 * Returns the wrong duplicates: without a crash of flows between the copies, more than one for a crash, and third copies. After `slowMs` a
 * mail is slow and the next one starts, so a crash may repeat both.
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

/** Returns every report of a PC as silent, in incidents and mails. */
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

/**
 * Whether a mail is about the fault. Its outbox row must name the fault, and its text must name room and fault or say that there are more
 * faults.
 */
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
