/** Acks to PCs: drafted while messages are taken, sent after the commit of what they answer (R3, R4). */
import { type Ack, type CentreClock, encode, pcTopic, type Signed, type Want } from '@sabha/contracts';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { Cursor } from '../engine/records/ops.ts';

/** `duty`: it is told whether it measures, though nothing asked for it. */
type Draft = { session?: number; echo?: number; duty?: true; want: Want[] };
type Ask = { pc: string; want: readonly Want[] };

/** Acks that are owed, by their PC. */
export type Drafts = Map<string, Draft>;

/** What an ack says, and how it goes out. */
export type AcksOptions = {
  recordOf(pc: string): PcRecord | undefined;
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  /** Whether the PC measures the link of its site, and by which right. */
  duty(pc: string): Pick<Ack, 'measure' | 'reflector'>;
  /** The wall clock, by which PCs measure their own. */
  now(): number;
  /** The centre's signature: a broker that could set the clocks of PCs could make old commands new. */
  seal(clock: CentreClock): Signed;
};

/** Guarantee: `upTo` is said of the PC's present spool only, and never before `settle` had it from the ledger. */
export function createAcks({ recordOf, send, duty, now, seal }: AcksOptions) {
  const cursors = new Map<string, Cursor>();
  let drafts: Drafts = new Map();

  function sendOne(pc: string, { want, session, echo, duty: told }: Draft): void {
    const spool = recordOf(pc)?.spool ?? null;
    if (spool === null) return;
    const held = cursors.get(pc);
    const cursor = held?.spool === spool ? held : undefined;
    const at = now();
    const known = cursor && { upTo: cursor.upTo };
    const ack: Ack = {
      spool,
      upTo: 0,
      ...known,
      at,
      want,
      ...(cursor?.mark === undefined ? {} : { mark: cursor.mark }),
      ...(session === undefined ? {} : { session }),
      ...(echo === undefined ? {} : { echo, clock: seal({ pc, echo, at, spool, ...known }) }),
      ...(session === undefined && echo === undefined && !told ? {} : duty(pc)),
    };
    send(pcTopic(pc, 'ack'), encode('ack', ack), 0);
  }

  return {
    add(pc: string, { session, ...said }: { session?: number; echo?: number }): void {
      // A birth of an older session is answered with the one that is held, so that a PC whose disk was put back opens one above it (R16).
      const held = session === undefined ? {} : { session: Math.max(session, recordOf(pc)?.session ?? 0) };
      drafts.set(pc, { ...(drafts.get(pc) ?? { want: [] }), ...said, ...held });
    },
    /**
     * The drafts so far, with what PCs are asked for, and one for each of `told`, asked or not; what is added from now on belongs to the
     * next commit.
     */
    take(told: readonly string[], asks: readonly Ask[]): Drafts {
      const taken = drafts;
      drafts = new Map();
      for (const pc of told) taken.set(pc, { want: [], ...taken.get(pc), duty: true });
      for (const { pc, want } of asks) {
        const draft = taken.get(pc) ?? { want: [] };
        taken.set(pc, { ...draft, want: [...draft.want, ...want] });
      }
      return taken;
    },
    /** Where spools stand after a commit. A late event of a spool that is over is committed too, but the PC listens for its present one. */
    settle(settled: readonly Cursor[]): void {
      for (const cursor of settled) if ((recordOf(cursor.pc)?.spool ?? cursor.spool) === cursor.spool) cursors.set(cursor.pc, cursor);
    },
    send(ready: Drafts): void {
      for (const [pc, draft] of ready) sendOne(pc, draft);
    },
  };
}
