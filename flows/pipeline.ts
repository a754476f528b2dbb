/**
 * From the message of a PC to the notification of a person. The stages, in order:
 *
 * - `receive`, ingest/ingest.ts `takeMessage`: takes a message from the MQTT session
 * - `read`, ingest/read-message.ts: decodes it into an engine event and rows
 * - `apply`, incidents/engine.ts: computes incidents and transitions, as rows and effects
 * - `commit`, ingest/ingest.ts: writes the batch in one transaction, R20 (one transaction per batch); later stages follow the commit
 * - `acknowledge`, ingest/acks.ts: the PC may trim its durable events, R4 (cumulative acknowledgement)
 * - `hear`, commands/ and rollcall/: forwards births and results to the parts that wait for them
 * - `offer`, runtime.ts `onOffer`: sends a transition to a node of the tabs, R24 (repeated offers and the default route)
 * - `notify`, people/outbox.ts: delivers outbox rows through people/channels/, R26 (outbox delivery)
 * - `rewrite`, people/copies/copies.ts: edits delivered messages, for example after an acknowledgement
 * - `show`, view/live.ts: updates the live views
 *
 * The *state* of a PC raises incidents; its *events* are only stored. Two results return to *apply* and pass the same commit:
 *
 * - conclusions of the tabs, R23 (conclude), which add outbox rows
 * - delivery failures, which raise a fault of the channel
 */
import type { KeyObject } from 'node:crypto';
import { sealSigned } from '@sabha/contracts';
import type { Ledger, LedgerContents } from './engine/records/ops.ts';
import type { Committed, IngestOptions, NodeOffer, PcReport, ViewChanges } from './ingest/acks.ts';
import { createIngest, type Ingest } from './ingest/ingest.ts';
import type { Metrics } from './metrics.ts';
import { createCopies } from './notify/people/copies/copies.ts';
import { faultsAfter } from './notify/people/delivery-queue.ts';
import { createOutbox, type Outbox, type OutboxOptions } from './notify/people/outbox.ts';
import { recipientsOf } from './notify/people/roster.ts';

/** The dependencies of a pipeline. `key` signs the configurations and clock times that are sent to PCs. */
export type PipelineOptions = Pick<
  IngestOptions,
  'clock' | 'reflector' | 'numbers' | 'maintenance' | 'isMeetingNear' | 'send' | 'publish' | 'randomId'
> &
  Pick<OutboxOptions, 'roster' | 'channels' | 'wall' | 'linksTo' | 'note' | 'random'> & {
    ledger: Ledger;
    key: KeyObject;
    count: Metrics['count'];
    log: { warn(fields: object, line: string): void; error(fields: object, line: string): void };
  };

/** The callbacks by which the stages of a pipeline report to the runtime. */
export type StageHandlers = Pick<IngestOptions, 'isRollCall' | 'listening' | 'clockSet'> & {
  heard(heard: PcReport): void;
  onOffer(offer: NodeOffer): void;
  onChange(changed: ViewChanges): void;
  /** Called if a commit failed, or if the outbox does not match the ledger. The memory is then invalid and the pipeline must be closed. */
  failed(error: Error): void;
  /** Called if a stage threw after the commit. R6 (retransmission) or R24 (repeated offers and the default route) repeats its work. */
  onStageError(stage: string, error: Error): void;
};

/** An open pipeline: the state in memory and the outbox, both loaded from the ledger. */
export type Pipeline = { ingest: Ingest; outbox: Outbox; close(): Promise<void> };

/** Opens a pipeline on the contents of the ledger. Notifications that wait in the outbox are delivered at once. */
export function openPipeline(around: PipelineOptions, contents: LedgerContents, ends: StageHandlers): Pipeline {
  const { ledger, channels } = around;
  const { isRollCall, listening, clockSet, failed } = ends;
  const ingest = createIngest({
    ...around,
    ...recipientsOf(around),
    ...{ contents, isRollCall, listening, clockSet, failed },
    seal: (text) => sealSigned(text, around.key),
    committed: runStages,
  });
  const broke = (error: Error) => ends.onStageError('rewrite', error);
  const copies = createCopies({ ...around, copies: ledger.copies, onError: broke });
  const outbox = createOutbox({
    ...around,
    commit: ledger.commit,
    isOver: (incident) => ingest.memory.incidents.get(incident)?.over !== null,
    onCopy: copies.messageDelivered,
    onOutcome(row, outcome) {
      around.count.notified(row.channel, outcome.result);
      for (const finding of faultsAfter(row, outcome, channels.get(row.channel)?.joined)) void ingest.tell({ type: 'centre', ...finding });
    },
  });
  /**
   * Runs the stages that follow a commit, in turn. A stage that throws does not stop the next ones, and never counts as a failed commit:
   * R28 (poison messages).
   */
  function runStages({ acks, sends, heard, offers, notices, handled, changed }: Committed): void {
    runGuarded('acknowledge', () => ingest.acknowledge({ acks, sends }), ends);
    for (const one of heard) runGuarded('hear', () => ends.heard(one), ends);
    for (const one of offers) runGuarded('offer', () => ends.onOffer(one), ends);
    runGuarded('notify', () => outbox.add(notices), ends);
    runGuarded('rewrite', () => copies.changed(handled), ends);
    if (changed) runGuarded('show', () => ends.onChange(changed), ends);
  }
  outbox.add(contents.outbox);
  outbox.run().catch(ends.failed);
  return {
    ingest,
    outbox,
    close() {
      ingest.close();
      copies.stop();
      return outbox.stop();
    },
  };
}

function runGuarded(stage: string, work: () => void, { onStageError: broke, failed }: StageHandlers): void {
  try {
    work();
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    broke(stage, error);
    // Waiting notifications exist only in the ledger and in the outbox. A failed outbox is therefore rebuilt from the ledger.
    if (stage === 'notify') failed(error);
  }
}
