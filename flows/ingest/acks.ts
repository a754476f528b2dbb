/** Acks to PCs (R3, R4), the options of ingest, and what ingest reports after each commit. */
import {
  type Ack,
  type CentreClock,
  type Clock,
  encode,
  pcTopic,
  type RegistryEntry,
  type Signed,
  sealReflectorToken,
  siteOf,
  type Want,
} from '@sabha/contracts';
import type { EngineOptions } from '../engine/incidents/core.ts';
import type { Incident, PcRecord, WireMessage } from '../engine/records/incidents.ts';
import type { OutboxRow } from '../engine/records/notices.ts';
import type { Contents, Cursor, Ledger } from '../engine/records/ops.ts';
import type { Recipients } from '../engine/transitions/noise.ts';
import type { Metrics } from '../metrics.ts';
import type { ConfigsOptions } from '../sites/config-push.ts';
import type { Report } from './read-message.ts';

/** A PC is told anew with the echo of each hour; so that one lost ack ends no right, it lasts three of them. */
const tokenMs = 3 * 3_600_000;

/** `duty`: it is told whether it measures, though nothing asked for it. */
type Draft = { session?: number; echo?: number; duty?: true; want: Want[] };

/** Acks that are owed, by their PC. */
export type Drafts = Map<string, Draft>;

/** What an ack says, and how it goes out. */
export type AcksOptions = ElectionOptions & {
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  /** The centre's signature: a broker that could set the clocks of PCs could make old commands new. */
  seal(clock: CentreClock): Signed;
};

/** Guarantee: `upTo` is said of the PC's present spool only, and never before `settle` had it from the ledger. */
export function createAcks(options: AcksOptions) {
  const { recordOf, send, now, seal } = options;
  const election = createElection(options);
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
      ...(session === undefined && echo === undefined && !told ? {} : election.words(pc)),
    };
    send(pcTopic(pc, 'ack'), encode('ack', ack), 0);
  }

  return {
    /** The PC that measures the link of a site; undefined while none is there. */
    measurer: election.of,
    add(pc: string, { session, ...said }: { session?: number; echo?: number }): void {
      // A birth of an older session is answered with the one that is held, so that a PC whose disk was put back opens one above it (R16).
      const held = session === undefined ? {} : { session: Math.max(session, recordOf(pc)?.session ?? 0) };
      drafts.set(pc, { ...(drafts.get(pc) ?? { want: [] }), ...said, ...held });
    },
    /**
     * The drafts so far, with what PCs are asked for. Where the duty to measure moved among PCs that `changed`, those that have and had it get
     * one too. What is added from now on belongs to the next commit.
     */
    take(changed: readonly string[], asks: readonly { pc: string; want: readonly Want[] }[]): Drafts {
      const taken = drafts;
      drafts = new Map();
      for (const pc of election.moved(changed)) taken.set(pc, { want: [], ...taken.get(pc), duty: true });
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

/** Who is there, and by which right one measures. */
type ElectionOptions = {
  /** Where the broker's reflector answers, and the key that it goes by; absent = the centre has none. */
  reflector?: { port: number; key: Buffer } | undefined;
  pcsOf(site: string): readonly string[];
  recordOf(pc: string): PcRecord | undefined;
  /** The wall clock, which acks carry, and by which PCs measure their own. */
  now(): number;
};

/** Guarantee: of the PCs of a site that are online at most one is ever told that it measures, which is the one with the lowest id. */
export function createElection({ reflector, pcsOf, recordOf, now }: ElectionOptions) {
  const elected = new Map<string, string>();

  /** One that was lost may be back in a moment: it keeps the duty until it is silent. */
  function electedOf(site: string): string | undefined {
    const held = elected.get(site);
    const able = (pc: string) => {
      const presence = recordOf(pc)?.presence;
      return presence === 'online' || (presence === 'lost' && pc === held);
    };
    const [lowest] = pcsOf(site).filter(able).sort();
    if (lowest === undefined) elected.delete(site);
    else elected.set(site, lowest);
    return lowest;
  }

  return {
    /** The PC that measures the link of this site; undefined while none is there. */
    of: (site: string): string | undefined => elected.get(site),
    /** What an ack says to this PC. */
    words(pc: string): Pick<Ack, 'measure' | 'reflector'> {
      if (electedOf(siteOf(pc)) !== pc) return { measure: false };
      if (reflector === undefined) return { measure: true };
      const endsAt = now() + tokenMs;
      const token = sealReflectorToken(pc, endsAt, reflector.key).toString('base64url');
      return { measure: true, reflector: { port: reflector.port, token, endsAt } };
    },
    /** These PCs changed: who is to be told at once because the duty came to it, or left it. */
    moved(pcs: Iterable<string>): string[] {
      return [...new Set([...pcs].map(siteOf))].flatMap((site) => {
        const before = elected.get(site);
        const after = electedOf(site);
        return before === after ? [] : [before, after].filter((pc) => pc !== undefined && recordOf(pc)?.presence === 'online');
      }) as string[];
    },
  };
}

/** Everything around ingest; it asks what it must know to read and apply, and tells one thing: what is committed. */
export type IngestOptions = Recipients &
  Pick<EngineOptions, 'numbers' | 'maintenance' | 'isMeetingNear'> & {
    ledger: Pick<Ledger, 'commit'>;
    contents: Contents;
    clock: Clock;
    /** The centre's signature. */
    seal: ConfigsOptions['seal'] & AcksOptions['seal'];
    reflector?: AcksOptions['reflector'];
    send(topic: string, payload: Buffer, qos: 0 | 1): void;
    /** True for the hello of a roll call that runs. */
    isRollCall(hello: string): boolean;
    /** Told once of each commit, in their order. */
    committed(done: Committed): void;
    /** We hear again, or do not, though the session stands (R18a). */
    listening(): void;
    /** The clock was set (R29): what of the ledger is ahead is put right with the next commit. */
    clockSet(): void;
    /** The registry changed, after the commit; resolves when the broker has it. */
    publish(entries: readonly RegistryEntry[]): Promise<void>;
    count: Omit<Metrics['count'], 'notified'>;
    /** The commit failed: nothing of this memory is to be trusted any more. Called once. */
    failed(error: Error): void;
    log: { warn(fields: object, line: string): void };
    randomId(): string;
  };

/** The state that a birth named. */
export type Born = { digest: string; session: number; rev: number };

/** What a commit changed of what people look at. `sites`: of these the node itself, or one that it inherits from, is another. */
export type Changed = { pcs: readonly string[]; incidents: readonly number[]; sites?: readonly string[]; pcsGone?: readonly string[] };

/** A birth, or answers to commands, as a PC said them. */
export type Heard = Pick<Report, 'pc' | 'event' | 'ops'>;

/** A message for the wires: for the wait node of that id, or for the head. */
export type Offer = { message: WireMessage; node: string | null };

/** What is durable, and what may be done of it now and not before (R20). */
export type Committed = {
  /** Acks that PCs are owed. */
  acks: Drafts;
  /** What PCs are sent besides: configurations, and the bell of a roll call. */
  sends: readonly (() => void)[];
  /** Births and answers to commands. */
  heard: readonly Heard[];
  offers: readonly Offer[];
  /** Rows for the outbox. */
  notices: readonly OutboxRow[];
  /** Incidents of which people said or did something, as they are now. */
  handled: readonly Incident[];
  /** Undefined where nobody sees any of it. */
  changed: Changed | undefined;
};
