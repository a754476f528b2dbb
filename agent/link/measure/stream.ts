/**
 * A stream of packets to the reflector or from it, after trains of the same direction (analysis/capacity.ts). To the reflector it is sent as
 * short trains, each with its own report. From the reflector this PC requests each block, and so sets the pace.
 */
import {
  readTrainDenial,
  readTrainReport,
  type TrainAnswer,
  type TrainArrival,
  type TrainDenial,
  trainIpBytes,
  trainPayloadBytes,
  writeTrainRequest,
} from '#contracts';
import type { Train } from '../analysis/arrivals.ts';
import { blockPackets, paceOf, type Stream, streamMs } from '../analysis/capacity.ts';
import { count, type Exchange, exchange, later, quietMs, repeat, reportMs, request } from './exchange.ts';

/** Packets that share a number: what goes up is asked for in larger pieces, since a policer may count what asks as well. */
const piecePackets = { up: 6 * blockPackets, down: blockPackets };
/** What could not be sent in time is sent at once, as far as it is so late. */
const catchUpMs = 20;

type Running = {
  state: Exchange;
  direction: 'up' | 'down';
  plan: Stream;
  first: number;
  sent: number;
  arrivals: TrainArrival[];
  /** Numbers of what came: a line may double it. */
  came: Set<number>;
  /** Pieces whose report is not there. */
  open: Set<number>;
  lastUp: number;
  isSent: boolean;
};

/** Guarantee: it ends, with what came of it; no more is sent than its plan says, and nothing after its end is told. */
export function runStream(state: Exchange, direction: 'up' | 'down', plan: Stream): Promise<Train | TrainDenial> {
  const running: Running = {
    state,
    direction,
    plan,
    sent: 0,
    arrivals: [],
    isSent: false,
    came: new Set<number>(),
    open: new Set<number>(),
    first: state.number + 1,
    lastUp: state.clock.up(),
  };
  const train = () => ({ packets: running.sent, arrivals: running.arrivals });
  return exchange<Train | TrainDenial>(
    state,
    (end) => {
      const endsUp = state.clock.up() + streamMs;
      state.onAnswer = (answer) => {
        if (answer.kind === 'denied') end(readTrainDenial(answer) ?? train());
        else take(running, answer);
        if (isOver(running)) end(train());
      };
      send(running, { dueUp: state.clock.up(), endsUp, over: () => settle(running, () => end(train())) });
    },
    train,
  );
}

/** Blocks, as fast as the last arrivals say, until all are sent or the time is over. */
function send(running: Running, { dueUp, endsUp, over }: { dueUp: number; endsUp: number; over: () => void }): void {
  const { state, plan, arrivals } = running;
  const nowUp = state.clock.up();
  let due = Math.max(dueUp, nowUp - catchUpMs);
  while (due <= nowUp && running.sent < plan.packets) {
    sendBlock(running, Math.min(blockPackets, plan.packets - running.sent));
    due += (blockPackets * trainIpBytes * 8_000) / paceOf(arrivals, plan);
  }
  if (running.sent >= plan.packets || nowUp >= endsUp) over();
  else later(state, due - nowUp, () => send(running, { dueUp: due, endsUp, over }));
}

function sendBlock(running: Running, packets: number): void {
  const { state, direction, first, sent } = running;
  const piece = Math.floor(sent / piecePackets[direction]);
  state.number = first + piece;
  running.sent += packets;
  if (direction === 'down') return request(state, 'down', { seq: packets });
  const { socket, token, cookie, number: train } = state;
  for (let seq = sent; seq < running.sent; seq += 1) {
    socket.send(writeTrainRequest({ kind: 'up', train, seq: seq % piecePackets.up, token, cookie }));
  }
  count(state, trainPayloadBytes, packets);
  running.open.add(train);
  if (running.sent % piecePackets.up === 0) request(state, 'ask');
}

function take(running: Running, { kind, train, seq, ...answer }: TrainAnswer): void {
  const { state, direction, arrivals, came } = running;
  const from = (train - running.first) * piecePackets[direction];
  running.lastUp = state.clock.up();
  const note = (one: TrainArrival) => {
    if (one.seq >= running.sent || came.has(one.seq)) return;
    came.add(one.seq);
    arrivals.push(one);
  };
  if (kind === 'load') note({ seq: from + seq, us: state.clock.up() * 1_000 });
  if (kind !== 'report' || !running.open.delete(train)) return;
  for (const one of readTrainReport(answer)) note({ seq: from + one.seq, us: one.us });
}

/** Waits for what is on its way, and asks again for what was not reported. */
function settle(running: Running, end: () => void): void {
  const { state, direction, open } = running;
  running.isSent = true;
  const waitMs = () => state.roundTripMs + quietMs;
  if (isOver(running)) return end();
  if (direction === 'down') return whenQuiet(running, waitMs(), end);
  const isInPart = running.sent % piecePackets.up !== 0;
  const again = (at: number) => (at > 0 ? [...open] : isInPart ? [state.number] : []);
  const ask = (at: number) => {
    for (const train of again(at)) request(state, 'ask', { train });
  };
  repeat(state, { forMs: reportMs, waitMs, send: ask });
}

function whenQuiet(running: Running, forMs: number, end: () => void): void {
  const { state, lastUp } = running;
  const leftMs = lastUp + forMs - state.clock.up();
  if (leftMs <= 0) end();
  else later(state, leftMs, () => whenQuiet(running, forMs, end));
}

function isOver({ isSent, direction, open, arrivals, sent }: Running): boolean {
  return isSent && (direction === 'up' ? open.size === 0 : arrivals.length >= sent);
}
