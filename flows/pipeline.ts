/**
 * From the word of a PC to the mail of a person. The stages, in their order:
 *
 *     receive      ingest/ingest.ts `take`      a message that came over the session
 *     read         ingest/read-message.ts       bytes → what the engine is told, and rows
 *     apply        incidents/engine.ts          → incidents and transitions, as rows and effects
 *     commit       ingest/ingest.ts             all of a batch in one transaction of the ledger (R20)
 *     ── the disk: what stands below never comes before it ──
 *     acknowledge  ingest/acks.ts               the PC may forget what is durable (R4)
 *     hear         commands/, rollcall/         births and answers that somebody waits for
 *     offer        runtime.ts `offered`         a transition goes to a node of the tabs (nodes/kinds.ts), which decide (R24)
 *     notify       people/outbox.ts             rows of the outbox go to people/channels/ (R26)
 *     rewrite      people/copies/copies.ts      messages that stand with people say who took it
 *     show         view/live.ts                 whoever looks sees what changed
 *
 * An incident comes from what the *state* of a PC says; its *events* are remembered, and raise none. Twice the way leads back to *apply*,
 * and through the same commit: what the tabs conclude (R23) puts the rows into the outbox, and what became of a message says whether its
 * channel fails.
 */
import type { KeyObject } from 'node:crypto';
import { sealSigned } from '@sabha/contracts';
import type { Contents, Ledger } from './engine/records/ops.ts';
import type { Changed, Committed, Heard, IngestOptions, Offer } from './ingest/acks.ts';
import { createIngest, type Ingest } from './ingest/ingest.ts';
import type { Metrics } from './metrics.ts';
import { createCopies } from './notify/people/copies/copies.ts';
import { failing } from './notify/people/lanes.ts';
import { createOutbox, type Outbox, type OutboxOptions } from './notify/people/outbox.ts';
import { recipientsOf } from './notify/people/roster.ts';

/** What is around the pipeline whichever ledger's memory it runs on. `key`: the centre's own, by which configurations and commands are signed. */
export type Around = Pick<
  IngestOptions,
  'clock' | 'reflector' | 'numbers' | 'maintenance' | 'isMeetingNear' | 'send' | 'publish' | 'randomId'
> &
  Pick<OutboxOptions, 'roster' | 'channels' | 'wall' | 'linksTo' | 'note' | 'random'> & {
    ledger: Ledger;
    key: KeyObject;
    count: Metrics['count'];
    log: { warn(fields: object, line: string): void; error(fields: object, line: string): void };
  };

/** Those outside who take something from a stage. */
export type Ends = Pick<IngestOptions, 'isRollCall' | 'listening' | 'clockSet'> & {
  heard(heard: Heard): void;
  offered(offer: Offer): void;
  changed(changed: Changed): void;
  /** What is in memory is not true any more, and the pipeline is to be closed: the ledger took nothing, or the outbox is not what it holds. */
  failed(error: Error): void;
  /** A stage broke over what is durable already: what it left undone is asked for or offered again (R6, R24). */
  broke(stage: string, error: Error): void;
};

/** One memory of the ledger with all that goes through it. */
export type Pipeline = { ingest: Ingest; outbox: Outbox; close(): Promise<void> };

/** Opens the stages on what the ledger holds; what waited for people goes on at once. */
export function openPipeline(around: Around, contents: Contents, ends: Ends): Pipeline {
  const { ledger, channels } = around;
  const { isRollCall, listening, clockSet, failed } = ends;
  const ingest = createIngest({
    ...around,
    ...recipientsOf(around),
    ...{ contents, isRollCall, listening, clockSet, failed },
    seal: (text) => sealSigned(text, around.key),
    committed: follow,
  });
  const broke = (error: Error) => ends.broke('rewrite', error);
  const copies = createCopies({ ...around, copies: ledger.copies, broke });
  const outbox = createOutbox({
    ...around,
    commit: ledger.commit,
    isOver: (incident) => ingest.memory.incidents.get(incident)?.over !== null,
    onCopy: copies.stands,
    onOutcome(row, outcome) {
      around.count.notified(row.channel, outcome.result);
      for (const finding of failing(row, outcome, channels.get(row.channel)?.joined)) void ingest.tell({ type: 'centre', ...finding });
    },
  });
  /** Runs each step in turn. A step that throws does not stop the next ones, and never counts as a failed commit (R28). */
  function follow({ acks, sends, heard, offers, notices, handled, changed }: Committed): void {
    guarded('acknowledge', () => ingest.acknowledge({ acks, sends }), ends);
    for (const one of heard) guarded('hear', () => ends.heard(one), ends);
    for (const one of offers) guarded('offer', () => ends.offered(one), ends);
    guarded('notify', () => outbox.add(notices), ends);
    guarded('rewrite', () => copies.changed(handled), ends);
    if (changed) guarded('show', () => ends.changed(changed), ends);
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

function guarded(stage: string, work: () => void, { broke, failed }: Ends): void {
  try {
    work();
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    broke(stage, error);
    // What waits for people is only in the ledger and in the outbox: an outbox that broke is made anew.
    if (stage === 'notify') failed(error);
  }
}
