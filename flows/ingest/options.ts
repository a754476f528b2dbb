/** What the desk is given by the centre, and whom it tells. */
import type { Clock, RegistryEntry } from '#contracts';
import type { Recipient } from '../incidents/transitions.ts';
import type { WireMessage } from '../records/incidents.ts';
import type { OutboxRow } from '../records/notices.ts';
import type { Contents, Ledger, Receipt } from '../records/ops.ts';
import type { ConfigsOptions } from '../sites/config-push.ts';
import type { AnswersOptions } from './acks.ts';
import type { Changed } from './changed.ts';
import type { MeasuringOptions } from './measurer-election.ts';
import type { Report } from './read-message.ts';

export type DeskOptions = Pick<ConfigsOptions & AnswersOptions & MeasuringOptions, 'seal' | 'reflector'> & {
  ledger: Ledger;
  contents: Contents;
  clock: Clock;
  recipients(to: readonly string[], channel: string, scope: string): Recipient[];
  central(): Recipient[];
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  /** Puts a message on the wires: to the wait node of that id, or to the head. */
  offer(message: WireMessage, node: string | null): void;
  /** Rows for the outbox, after their commit. */
  notify(rows: OutboxRow[]): void;
  /** What the API's listeners are told, after the commit. */
  changed(change: Changed): void;
  /** True for the hello of a roll call that runs; then told of each committed birth that answers it. */
  isRollCall(hello: string): boolean;
  born(pc: string, state: Born): void;
  /** Told after the commit of each birth and of each answer to a command. */
  commands: { heard(report: Pick<Report, 'pc' | 'event' | 'ops'>): void };
  /** The registry changed, after the commit; resolves when the broker has it. */
  registered(entries: readonly RegistryEntry[]): Promise<void>;
  count: DeskCounts;
  /** The commit failed: nothing of this desk is to be trusted any more. Called once. */
  onFatal(error: Error): void;
  log: { warn(fields: object, line: string): void };
  randomId(): string;
};

/** The state that a birth named. */
export type Born = { digest: string; session: number; rev: number };

export type Audit = { who: string; what: string; about: string };

export type DeskCounts = {
  message(leaf: string, result: string): void;
  receipt(receipt: Receipt): void;
  commit(result: 'ok' | 'failed', seconds: number): void;
  concluded(kind: string, how: string): void;
};
