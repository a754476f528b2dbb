/** Limits of a connected client: message rate, frame size, and time until it reads. */

import { type Cancel, type Clock, createBuckets } from '@sabha/contracts';
import type { Client } from 'aedes';
import type { Admitted, Sessions } from '../admission/admission.ts';
import { disableBackPressure, type Frame, type FrameFault, guardFrames } from './frame-guard.ts';
import type { Limits } from './limits.ts';
import type { RateLimitedLog, Refuse } from './refusals.ts';

export type ClientLimitsOptions = {
  limits: Limits;
  clock: Clock;
  sessions: Sessions;
  refuse: Refuse;
  metrics: { countDropped(principal: Admitted['principal']['kind'], reason: string): void; countSlowed(): void };
  /** A separate rate-limited log. Unauthenticated clients can cause refusals, which would otherwise use up its quota. */
  logLimited: RateLimitedLog;
};

export type ClientLimits = ReturnType<typeof createClientLimits>;

const cutOffMessages = { stalled: 'disconnected: it did not read its messages', flood: 'disconnected: it sent too much at once' } as const;

/** Guarantee: each client that is disconnected for a limit is logged and counted once. */
export function createClientLimits({ limits, clock, sessions, refuse, metrics, logLimited }: ClientLimitsOptions) {
  const rateLimiter = createRateLimiter(limits, clock, (who) => {
    metrics.countSlowed();
    logLimited(`slowed ${who}`, { who }, 'slowed down: it sends too fast');
  });
  function reportCutOff({ principal, name }: Admitted, reason: keyof typeof cutOffMessages): void {
    metrics.countDropped(principal.kind, reason);
    logLimited(`${reason} ${name}`, { who: name, reason }, cutOffMessages[reason]);
  }
  function handleFrameFault(client: Client, fault: FrameFault): void {
    const admission = sessions.admissionOf(client);
    if (admission && fault === 'flood') reportCutOff(admission, fault);
    else refuse({ action: 'frame', reason: fault, who: client.id ?? '' });
  }
  return {
    pace: rateLimiter,
    /** Watches a client before anything is read from it. */
    watchFrames(client: Client): void {
      const isWithinRate = (frame: Frame) => {
        const admission = sessions.admissionOf(client);
        return admission?.principal.kind !== 'pc' || rateLimiter.countFrame(admission.name, weightOf(frame), frame.length);
      };
      guardFrames(client, { isWithinRate, onFault: (fault) => handleFrameFault(client, fault) });
    },
    handleAdmitted(client: Client): void {
      // Only `flows` may slow down the PCs when it reads slowly: unsent messages then stay in the spools of the PCs.
      if (sessions.admissionOf(client)?.principal.kind !== 'flows') disableBackPressure(client);
    },
    /** Called before aedes closes a client for this error. */
    handleClientError(client: Client, error: Error): void {
      const admitted = sessions.admissionOf(client);
      if (admitted && !client.closed && error.message === 'drain timeout') reportCutOff(admitted, 'stalled');
    },
  };
}

/**
 * Returns the weight of a frame, in messages. An acknowledgement is caused by the server, so it counts little. A subscription is checked
 * filter by filter, about 45 bytes each for an agent.
 */
function weightOf({ cmd, length }: Frame): number {
  if (cmd === 'puback') return 0.02;
  return cmd === 'subscribe' || cmd === 'unsubscribe' ? length / 32 : 1;
}

/** Rate limit that delays messages instead of refusing them. */
export type RateLimiter = ReturnType<typeof createRateLimiter>;

const emptyFrame = { weight: 0, size: 0 };

type DelayQueue = { waiting: { dueAt: number; go: () => void }[]; cancel: Cancel };

/** Guarantee: delayed messages of a connection keep their order, and a reconnect gives a PC no new quota. */
export function createRateLimiter({ messages, bytes, maxDelayMs }: Limits, clock: Clock, onSlowed: (who: string) => void) {
  const byMessages = createBuckets(messages);
  const byBytes = createBuckets(bytes);
  const queues = new Map<object, DelayQueue>();
  const waitMs = (who: string, { weight, size }: { weight: number; size: number }, now: number) =>
    Math.max(byMessages.waitMs(who, weight, now), byBytes.waitMs(who, size, now));

  function runDue(connection: object, line: DelayQueue): void {
    while (line.waiting[0] && line.waiting[0].dueAt <= clock.up()) line.waiting.shift()?.go();
    const [next] = line.waiting;
    if (next) line.cancel = clock.after(next.dueAt - clock.up(), () => runDue(connection, line));
    else if (queues.get(connection) === line) queues.delete(connection);
  }

  return {
    /** Counts a frame of a PC with its weight in messages. Returns false if its delay would be too long. */
    countFrame(who: string, weight: number, size: number): boolean {
      const now = clock.up();
      if (waitMs(who, { weight, size }, now) > maxDelayMs) return false;
      byMessages.take(who, weight, now);
      byBytes.take(who, size, now);
      return true;
    },
    /** Runs `go` at once, or when the rate of its PC permits. */
    inTurn(connection: object, who: string, go: () => void): void {
      const line = queues.get(connection);
      const now = clock.up();
      const ownMs = waitMs(who, emptyFrame, now);
      if (!line && ownMs === 0) return go();
      onSlowed(who);
      const turn = { dueAt: now + ownMs, go };
      if (line) return void line.waiting.push(turn);
      const first: DelayQueue = { waiting: [turn], cancel: () => {} };
      queues.set(connection, first);
      runDue(connection, first);
    },
    removeConnection(connection: object): void {
      const line = queues.get(connection);
      line?.cancel();
      line?.waiting.splice(0);
      queues.delete(connection);
    },
  };
}
