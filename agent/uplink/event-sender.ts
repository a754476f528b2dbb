/** Carries events from the spool to the centre: live ones as they happen, the others in batches, again until they are acknowledged. */
import { type Cancel, type EventMessage, encode, payloadLimitBytes } from '@sabha/contracts';
import type { Spool } from './spool/spool.ts';

/** The events of a spool on their way to the centre. */
export type EventSender = ReturnType<typeof createEventSender>;

/** Where events come from, and how they are sent. */
export type EventSenderOptions = {
  spool: Spool;
  /** Runs a task later, unless the session is over by then. */
  later(delayMs: number, task: () => void): Cancel;
  /** Resolves when the broker has it or the session is over. */
  send(leaf: 'event' | 'backlog', payload: Buffer): Promise<unknown>;
  resendMs: () => number;
  /** The spool became another one (a fork, a damaged file): it must be born before its events may go out. */
  onNewSpool(): void;
};

type State = ReturnType<typeof createState>;

function createState() {
  return {
    /** Id of the spool whose birth was acknowledged; undefined = nothing may go out. */
    spool: undefined as string | undefined,
    /** Last number sent in a batch, and the last that goes in batches; what is above goes live. */
    cursor: 0,
    backlogEnd: 0,
    liveUpTo: 0,
    /** Last number of the batch that is not acknowledged yet. */
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
/** Well under the limit of a payload. */
const batchBytes = payloadLimitBytes - 4_096;
const longestWaitMs = 3_600_000;

/** Sends nothing before `begin`. Guarantee: what is not acknowledged is sent again, ever more rarely, up to once an hour (R6). */
export function createEventSender(options: EventSenderOptions) {
  const state = createState();
  return {
    /** After the ack of a birth: all that is unacknowledged goes out at once (R3, R6). */
    begin: (): void => begin(options, state),
    /** Something was appended: it goes out live. */
    appended: (): void => {
      if (mayGo(options, state)) sendLive(options, state);
    },
    /** `evidence`: the ack answered events, so an event that it does not cover has been seen and not taken. */
    acked: (evidence: boolean): void => {
      if (mayGo(options, state)) progress(options, state, evidence);
    },
    /** Nothing more until the next `begin`. */
    pause: (): void => pause(state),
    /** The ledger misses these numbers. */
    want: (range: { from: number; to: number }): void => {
      if (mayGo(options, state)) void sendRange(options, range);
    },
  };
}

function begin(options: EventSenderOptions, state: State): void {
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

/** Guarantee: no event of a spool goes out before its birth is acknowledged (R3). */
function mayGo({ spool, onNewSpool }: EventSenderOptions, state: State): boolean {
  if (state.spool === undefined || state.spool === spool.id()) return state.spool !== undefined;
  pause(state);
  onNewSpool();
  return false;
}

function pause(state: State): void {
  state.spool = undefined;
  state.armed = false;
  state.timer();
}

function sendLive(options: EventSenderOptions, state: State): void {
  for (let events = more(); events.length > 0; events = more()) {
    for (const event of events) {
      void options.send('event', encode('event', event));
      state.liveUpTo = event.seq;
    }
    arm(options, state, false);
  }
  function more(): EventMessage[] {
    return options.spool.after(state.liveUpTo, 50);
  }
}

/** First of all: the ack cannot pass the numbers that were dropped before it knows that they were. */
function sendTombstones({ spool, send }: EventSenderOptions): void {
  for (let rest = spool.tombstones(); rest.length > 0; ) {
    const batch = fitting(rest);
    void send('backlog', encode('backlog', batch));
    rest = rest.slice(batch.length);
  }
}

/** One batch at a time: the next one follows the ack of this one. */
function sendBacklog(options: EventSenderOptions, state: State): void {
  if (state.window !== undefined || state.cursor >= state.backlogEnd) return;
  const batch = batchAfter(options.spool, state.cursor, { limit: state.batchLimit, last: state.backlogEnd });
  const last = batch.at(-1);
  if (!mayGo(options, state) || !last) return;
  void options.send('backlog', encode('backlog', batch));
  state.cursor = last.seq;
  state.window = last.seq;
  arm(options, state, true);
}

function progress(options: EventSenderOptions, state: State, evidence: boolean): void {
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
  arm(options, state, true);
  sendBacklog(options, state);
}

/** What waits for its ack is sent again after `waitMs`; `afresh` counts from now, otherwise a timer that runs goes on. */
function arm(options: EventSenderOptions, state: State, afresh: boolean): void {
  if (!afresh && state.armed) return;
  state.timer();
  state.armed = true;
  state.timer = options.later(state.waitMs, () => {
    state.armed = false;
    if (mayGo(options, state)) resend(options, state);
  });
}

/**
 * Sends again (R6): the oldest alone, so that one that cannot be taken holds up no other, then the rest in smaller batches.
 * An event that stays behind while acks answer what was sent after it counts as refused; after three times it leaves (R8).
 */
function resend(options: EventSenderOptions, state: State): void {
  const { spool } = options;
  const [oldest] = spool.after(state.acked, 1);
  if (!mayGo(options, state) || !oldest) return;
  // Behind a number that is gone it is the tombstone that is missing, not this event that is refused.
  const stuck = state.evidence && oldest.seq === state.acked + 1;
  const left = stuck && spool.refused(oldest.seq, 'not acknowledged');
  if (state.window !== undefined) state.batchLimit = Math.max(1, Math.floor(state.batchLimit / 2));
  Object.assign(state, { evidence: false, window: undefined, cursor: oldest.seq, backlogEnd: state.liveUpTo });
  state.waitMs = Math.min(longestWaitMs, state.waitMs * 2);
  sendTombstones(options);
  if (!left && oldest.seq <= state.liveUpTo) void options.send('event', encode('event', oldest));
  sendLive(options, state);
  sendBacklog(options, state);
  arm(options, state, true);
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
  return fitting(spool.after(seq, limit).filter((event) => event.seq <= last));
}

/** As many of the first as one message holds. */
function fitting(events: EventMessage[]): EventMessage[] {
  let bytes = 0;
  const end = events.findIndex((event) => {
    bytes += encode('event', event).length + 1;
    return bytes > batchBytes;
  });
  return end < 0 ? events.slice(0, batchAtMost) : events.slice(0, Math.max(1, end));
}
