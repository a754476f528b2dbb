/**
 * Acks to PCs, the options of ingest, and what ingest reports after each commit.
 * R3 (no events before the birth is acknowledged), R4 (cumulative acknowledgement).
 */
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
  type WantedItem,
} from '@sabha/contracts';
import type { EngineOptions } from '../engine/incidents/core.ts';
import type { Incident, OfferMessage, PcRecord } from '../engine/records/incidents.ts';
import type { OutboxRow } from '../engine/records/notices.ts';
import type { Cursor, Ledger, LedgerContents } from '../engine/records/ops.ts';
import type { Recipients } from '../engine/transitions/flood-control.ts';
import type { Metrics } from '../metrics.ts';
import type { ConfigsOptions } from '../sites/config-push.ts';
import type { DecodedMessage } from './read-message.ts';

/** Lifetime of a reflector token. PCs get a new token hourly with the ack of their echo, so a token survives two lost acks. */
const tokenMs = 3 * 3_600_000;

/**
 * The content of an ack that is sent after the next commit. `duty`: the ack states whether the PC must measure the link, although it
 * answers no birth or echo.
 */
type AckDraft = { session?: number; echo?: number; duty?: true; want: WantedItem[] };

export type AckDrafts = Map<string, AckDraft>;

export type AcksOptions = ElectionOptions & {
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  /** Signs the time of the server. Otherwise a compromised broker could set the clocks of PCs back and replay old commands. */
  seal(clock: CentreClock): Signed;
};

/**
 * Collects and sends acks.
 * Guarantee: `upTo` is a number of the PC's current spool. All events up to it are confirmed by the ledger through `settle`.
 */
export function createAcks(options: AcksOptions) {
  const { recordOf, send, now, seal } = options;
  const election = createElection(options);
  const cursors = new Map<string, Cursor>();
  let drafts: AckDrafts = new Map();

  function sendOne(pc: string, { want, session, echo, duty: told }: AckDraft): void {
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
      ...(session === undefined && echo === undefined && !told ? {} : election.measureFields(pc)),
    };
    send(pcTopic(pc, 'ack'), encode('ack', ack), 0);
  }

  return {
    /** Returns the PC that measures the link of a site; undefined while no PC is online. */
    measurer: election.of,
    add(pc: string, { session, ...said }: { session?: number; echo?: number }): void {
      // The ack of an older session names the newer session number, so that a PC with a restored disk opens a session above it. R16
      // (sessions).
      const held = session === undefined ? {} : { session: Math.max(session, recordOf(pc)?.session ?? 0) };
      drafts.set(pc, { ...(drafts.get(pc) ?? { want: [] }), ...said, ...held });
    },
    /**
     * Returns the acks so far, with the requests in `asks`, and starts an empty list for the next commit.
     * If another PC of a site must now measure the link, because PCs in `changed` went online or offline, both PCs get an ack too.
     */
    takeDrafts(changed: readonly string[], asks: readonly { pc: string; want: readonly WantedItem[] }[]): AckDrafts {
      const taken = drafts;
      drafts = new Map();
      for (const pc of election.changedHolders(changed)) taken.set(pc, { want: [], ...taken.get(pc), duty: true });
      for (const { pc, want } of asks) {
        const draft = taken.get(pc) ?? { want: [] };
        taken.set(pc, { ...draft, want: [...draft.want, ...want] });
      }
      return taken;
    },
    /**
     * Stores the acknowledged positions of spools after a commit. A late event of an old spool is committed too, but the PC expects acks
     * for its current spool.
     */
    settle(settled: readonly Cursor[]): void {
      for (const cursor of settled) if ((recordOf(cursor.pc)?.spool ?? cursor.spool) === cursor.spool) cursors.set(cursor.pc, cursor);
    },
    send(ready: AckDrafts): void {
      for (const [pc, draft] of ready) sendOne(pc, draft);
    },
  };
}

type ElectionOptions = {
  /** Port of the UDP reflector at the broker, and the key for its tokens; absent = no reflector. */
  reflector?: { port: number; key: Buffer } | undefined;
  pcsOf(site: string): readonly string[];
  recordOf(pc: string): PcRecord | undefined;
  /** The time of the server, which acks carry and against which PCs check their own clocks. */
  now(): number;
};

/**
 * Elects the PC that measures the link of a site.
 * Guarantee: at most one online PC of a site has to measure: the PC with the lowest id.
 */
export function createElection({ reflector, pcsOf, recordOf, now }: ElectionOptions) {
  const elected = new Map<string, string>();

  /** Returns the elected PC. A PC whose connection broke may return soon, so it stays elected until it is silent. */
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
    of: (site: string): string | undefined => elected.get(site),
    /** Returns the fields of an ack that state whether the PC has to measure the link. */
    measureFields(pc: string): Pick<Ack, 'measure' | 'reflector'> {
      if (electedOf(siteOf(pc)) !== pc) return { measure: false };
      if (reflector === undefined) return { measure: true };
      const endsAt = now() + tokenMs;
      const token = sealReflectorToken(pc, endsAt, reflector.key).toString('base64url');
      return { measure: true, reflector: { port: reflector.port, token, endsAt } };
    },
    /** Returns the online PCs whose election changed because of `pcs`, so that they get an ack at once. */
    changedHolders(pcs: Iterable<string>): string[] {
      return [...new Set([...pcs].map(siteOf))].flatMap((site) => {
        const before = elected.get(site);
        const after = electedOf(site);
        return before === after ? [] : [before, after].filter((pc) => pc !== undefined && recordOf(pc)?.presence === 'online');
      }) as string[];
    },
  };
}

/** Options of ingest: the data that it needs to read and apply messages, and the callbacks for committed batches. */
export type IngestOptions = Recipients &
  Pick<EngineOptions, 'numbers' | 'maintenance' | 'isMeetingNear'> & {
    ledger: Pick<Ledger, 'commit'>;
    contents: LedgerContents;
    clock: Clock;
    seal: ConfigsOptions['seal'] & AcksOptions['seal'];
    reflector?: AcksOptions['reflector'];
    send(topic: string, payload: Buffer, qos: 0 | 1): void;
    /** Returns true for the hello of a roll call in progress. */
    isRollCall(hello: string): boolean;
    committed(done: Committed): void;
    /** Called when a receive gap begins or ends while the MQTT session is open. R18a (canary). */
    listening(): void;
    /**
     * Called when the system clock was set. Times in the ledger that are ahead are corrected with the next commit. R29 (clock of the
     * server).
     */
    clockSet(): void;
    /** Publishes changed registry entries after the commit. Resolves when the broker's file has them. */
    publish(entries: readonly RegistryEntry[]): Promise<void>;
    count: Omit<Metrics['count'], 'notified'>;
    /** Called once if a commit failed. The state in memory is then not that of the ledger, so the pipeline is discarded. */
    failed(error: Error): void;
    log: { warn(fields: object, line: string): void };
    randomId(): string;
  };

export type BirthState = { digest: string; session: number; rev: number };

/** Changes of one commit for the views. `sites`: sites whose own node changed, or one that they inherit from. */
export type ViewChanges = { pcs: readonly string[]; incidents: readonly number[]; sites?: readonly string[]; pcsGone?: readonly string[] };

/** A birth, or responses to commands, as a PC sent them. */
export type PcReport = Pick<DecodedMessage, 'pc' | 'event' | 'ops'>;

/** A message for the tabs: for the wait node with the id `node`, or for the first node (null). */
export type NodeOffer = { message: OfferMessage; node: string | null };

/** A committed batch, and the actions that may be done only after its commit. R20 (one transaction per batch). */
export type Committed = {
  acks: AckDrafts;
  /** Other messages to PCs: configurations, and the hello of a roll call. */
  sends: readonly (() => void)[];
  heard: readonly PcReport[];
  offers: readonly NodeOffer[];
  notices: readonly OutboxRow[];
  /** Incidents that people acted on, in their current state. */
  handled: readonly Incident[];
  /** The changes that the views must show; undefined if there are none. */
  changed: ViewChanges | undefined;
};
