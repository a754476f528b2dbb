/** What ingest is given, and whom it tells. */
import type { Clock, RegistryEntry } from '@sabha/contracts';
import type { EngineOptions } from '../engine/incidents/engine.ts';
import type { Contents, Ledger } from '../engine/records/ops.ts';
import type { Recipients } from '../engine/transitions/offer.ts';
import type { Metrics } from '../metrics.ts';
import type { ConfigsOptions } from '../sites/config-push.ts';
import type { AcksOptions } from './acks.ts';
import type { Committed } from './committed.ts';
import type { ElectionOptions } from './measurer-election.ts';

/** Everything around ingest; it asks what it must know to read and apply, and tells one thing: what is committed. */
export type IngestOptions = Recipients &
  Pick<EngineOptions, 'numbers' | 'maintenance' | 'isMeetingNear'> & {
    ledger: Pick<Ledger, 'commit'>;
    contents: Contents;
    clock: Clock;
    /** The centre's signature. */
    seal: ConfigsOptions['seal'] & AcksOptions['seal'];
    reflector?: ElectionOptions['reflector'];
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
