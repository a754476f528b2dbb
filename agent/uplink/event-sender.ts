/** Sends events from the spool to the server: new events at once, older events in batches. Repeats each event until it is acknowledged. */
import { type Cancel, type EventMessage, encode, payloadLimitBytes } from '@sabha/contracts';
import type { Spool } from './spool/spool.ts';

export type EventSender = ReturnType<typeof createEventSender>;

export type EventSenderOptions = {
  spool: Spool;
  /** Runs a task after a delay, unless the session ended meanwhile. */
  later(delayMs: number, task: () => void): Cancel;
  /** Resolves at the PUBACK, or when the session ends. */
  send(leaf: 'event' | 'backlog', payload: Buffer): Promise<unknown>;
  resendMs: () => number;
  /**
   * Called when a new spool replaced the old one after a fork or damage. The birth of the new spool must be acknowledged before its events
   * are sent.
   */
  onNewSpool(): void;
};

type EventSenderState = ReturnType<typeof createState>;

function createState() {
  return {
    /** Id of the spool whose birth was acknowledged; undefined = no event may be sent. */
    spool: undefined as string | undefined,
    /** `cursor`: last number sent in a batch. `backlogEnd`: last number to be sent in batches; higher numbers are sent live. */
    cursor: 0,
    backlogEnd: 0,
    liveUpTo: 0,
    /** Last number of the batch that waits for its ack. */
    window: undefined as number | undefined,
    batchLimit: batchAtMost,
    acked: 0,
    evidence: false,
    waitMs: 0,
    armed: false,
    timer: (): void => undefined,
  };
}

const batchAtMost = 500;
/** Maximum bytes of a batch, with a margin below the payload limit. */
const batchBytes = payloadLimitBytes - 4_096;
const longestWaitMs = 3_600_000;

/**
 * Creates the event sender. It sends nothing before `begin`.
 * Guarantee: an unacknowledged event is sent again, with backoff up to one hour, per R6 (retransmission).
 */
export function createEventSender(options: EventSenderOptions) {
  const state = createState();
  return {
    /** Sends all unacknowledged events; called after the ack of a birth: R3 (no events before the birth is acknowledged) and R6. */
    begin: (): void => begin(options, state),
    appended: (): void => {
      if (maySend(options, state)) sendLive(options, state);
    },
    /** Handles an ack. `evidence`: this ack answers events, so the server received the next event too but did not accept it. */
    acked: (evidence: boolean): void => {
      if (maySend(options, state)) handleProgress(options, state, evidence);
    },
    pause: (): void => pause(state),
    /** Sends a range of numbers that the ledger lacks. */
    want: (range: { from: number; to: number }): void => {
      if (maySend(options, state)) void sendRange(options, range);
    },
  };
}

function begin(options: EventSenderOptions, state: EventSenderState): void {
  const { spool, resendMs } = options;
  const acked = spool.acked();
  const { id, last } = spool.range();
  Object.assign(state, {
    spool: id,
    cursor: acked,
    acked,
    backlogEnd: last,
    liveUpTo: last,
    window: undefined,
    evidence: false,
    waitMs: resendMs(),
  });
  sendTombstones(options);
  sendBacklog(options, state);
}

/** Returns whether events may be sent. Guarantee: no event of a spool is sent before the birth of that spool is acknowledged (R3). */
function maySend({ spool, onNewSpool }: EventSenderOptions, state: EventSenderState): boolean {
  if (state.spool === undefined || state.spool === spool.id()) return state.spool !== undefined;
  pause(state);
  onNewSpool();
  return false;
}

function pause(state: EventSenderState): void {
  state.spool = undefined;
  state.armed = false;
  state.timer();
}

function sendLive(options: EventSenderOptions, state: EventSenderState): void {
  for (let events = more(); events.length > 0; events = more()) {
    for (const event of events) {
      void options.send('event', encode('event', event));
      state.liveUpTo = event.seq;
    }
    startResendTimer(options, state, false);
  }
  function more(): EventMessage[] {
    return options.spool.after(state.liveUpTo, 50);
  }
}

/** Sends the tombstones first, because the ack cannot pass dropped numbers that the ledger does not know. */
function sendTombstones({ spool, send }: EventSenderOptions): void {
  for (let rest = spool.tombstones(); rest.length > 0; ) {
    const batch = eventsThatFit(rest);
    void send('backlog', encode('backlog', batch));
    rest = rest.slice(batch.length);
  }
}

/** Sends one batch; the next batch follows the ack of this one. */
function sendBacklog(options: EventSenderOptions, state: EventSenderState): void {
  if (state.window !== undefined || state.cursor >= state.backlogEnd) return;
  const batch = batchAfter(options.spool, state.cursor, { limit: state.batchLimit, last: state.backlogEnd });
  const last = batch.at(-1);
  if (!maySend(options, state) || !last) return;
  void options.send('backlog', encode('backlog', batch));
  state.cursor = last.seq;
  state.window = last.seq;
  startResendTimer(options, state, true);
}

function handleProgress(options: EventSenderOptions, state: EventSenderState, evidence: boolean): void {
  const acked = options.spool.acked();
  if (acked <= state.acked) {
    state.evidence ||= evidence;
    return;
  }
  Object.assign(state, { acked, evidence: false, waitMs: options.resendMs(), cursor: Math.max(state.cursor, acked) });
  if (state.window !== undefined && acked >= state.window) {
    state.window = undefined;
    state.batchLimit = Math.min(batchAtMost, state.batchLimit * 2);
  }
  startResendTimer(options, state, true);
  sendBacklog(options, state);
}

/** Starts the resend timer with `waitMs`. If `afresh` is false, a running timer continues. */
function startResendTimer(options: EventSenderOptions, state: EventSenderState, afresh: boolean): void {
  if (!afresh && state.armed) return;
  state.timer();
  state.armed = true;
  state.timer = options.later(state.waitMs, () => {
    state.armed = false;
    if (maySend(options, state)) resend(options, state);
  });
}

/**
 * Repeats unacknowledged events (R6): first the oldest event alone, so that an unacceptable event blocks no other. The rest follows in
 * smaller batches. An event counts as refused if acks answer later events but not this one. After three refusals it is quarantined, per R8
 * (bounded spool and refused messages).
 */
function resend(options: EventSenderOptions, state: EventSenderState): void {
  const { spool } = options;
  const [oldest] = spool.after(state.acked, 1);
  if (!maySend(options, state) || !oldest) return;
  // Numbers before this event may be missing. The ack then waits for their tombstone, and this event is not refused.
  const stuck = state.evidence && oldest.seq === state.acked + 1;
  const left = stuck && spool.refused(oldest.seq, 'not acknowledged');
  if (state.window !== undefined) state.batchLimit = Math.max(1, Math.floor(state.batchLimit / 2));
  Object.assign(state, { evidence: false, window: undefined, cursor: oldest.seq, backlogEnd: state.liveUpTo });
  state.waitMs = Math.min(longestWaitMs, state.waitMs * 2);
  sendTombstones(options);
  if (!left && oldest.seq <= state.liveUpTo) void options.send('event', encode('event', oldest));
  sendLive(options, state);
  sendBacklog(options, state);
  startResendTimer(options, state, true);
}

async function sendRange({ spool, send }: EventSenderOptions, { from, to }: { from: number; to: number }): Promise<void> {
  const id = spool.id();
  for (let seq = from - 1; seq < to && spool.id() === id; ) {
    const batch = batchAfter(spool, seq, { limit: batchAtMost, last: to });
    const last = batch.at(-1);
    if (!last) return;
    if ((await send('backlog', encode('backlog', batch))) === false) return;
    seq = last.seq;
  }
}

function batchAfter(spool: Spool, seq: number, { limit, last }: { limit: number; last: number }): EventMessage[] {
  return eventsThatFit(spool.after(seq, limit).filter((event) => event.seq <= last));
}

function eventsThatFit(events: EventMessage[]): EventMessage[] {
  let bytes = 0;
  const end = events.findIndex((event) => {
    bytes += encode('event', event).length + 1;
    return bytes > batchBytes;
  });
  return end < 0 ? events.slice(0, batchAtMost) : events.slice(0, Math.max(1, end));
}
