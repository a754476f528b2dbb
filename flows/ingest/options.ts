/** What ingest is given, whom it tells, and what it tells them: what a commit put on disk. */
import type { Clock, RegistryEntry } from '@sabha/contracts';
import type { EngineOptions } from '../engine/incidents/core.ts';
import type { Incident, WireMessage } from '../engine/records/incidents.ts';
import type { OutboxRow } from '../engine/records/notices.ts';
import type { Contents, Ledger } from '../engine/records/ops.ts';
import type { Recipients } from '../engine/transitions/offer.ts';
import type { Metrics } from '../metrics.ts';
import type { ConfigsOptions } from '../sites/config-push.ts';
import type { AcksOptions, Drafts } from './acks.ts';
import type { Report } from './read-message.ts';

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
