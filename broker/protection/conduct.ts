/** Limits of a connected client: message rate, frame size, and reading in time. */

import { type Cancel, type Clock, createBuckets } from '@sabha/contracts';
import type { Client } from 'aedes';
import type { Admitted, Sessions } from '../admission/admission.ts';
import { type Frame, type FrameFault, guardFrames, waitForNobody } from './frame-guard.ts';
import type { Limits } from './limits.ts';
import type { RareLog, Refuse } from './refusals.ts';

export type ConductOptions = {
  limits: Limits;
  clock: Clock;
  sessions: Sessions;
  refuse: Refuse;
  metrics: { countDropped(principal: Admitted['principal']['kind'], reason: string): void; countSlowed(): void };
  /** A separate rate-limited log, so that refusals, which a stranger can cause, do not use up its quota. */
  say: RareLog;
};

export type Conduct = ReturnType<typeof createConduct>;

const lines = { stalled: 'cut off: it did not read', flood: 'cut off: it sent too much at once' } as const;

/** Guarantee: each client that is cut off is logged and counted once. */
export function createConduct({ limits, clock, sessions, refuse, metrics, say }: ConductOptions) {
  const pace = createPace(limits, clock, (who) => {
    metrics.countSlowed();
    say(`slowed ${who}`, { who }, 'slowed down: it sends too fast');
  });
  function cutOff({ principal, name }: Admitted, reason: keyof typeof lines): void {
    metrics.countDropped(principal.kind, reason);
    say(`${reason} ${name}`, { who: name, reason }, lines[reason]);
  }
  function onFault(client: Client, fault: FrameFault): void {
    const admitted = sessions.of(client);
    if (admitted && fault === 'flood') cutOff(admitted, fault);
    else refuse({ action: 'frame', reason: fault, who: client.id ?? '' });
  }
  return {
    pace,
    /** Watches a client before anything is read from it. */
    watch(client: Client): void {
      const mayTake = (frame: Frame) => {
        const admitted = sessions.of(client);
        return admitted?.principal.kind !== 'pc' || pace.take(admitted.name, weightOf(frame), frame.length);
      };
      guardFrames(client, { mayTake, onFault: (fault) => onFault(client, fault) });
    },
    admitted(client: Client): void {
      // Only `flows` causes back pressure: unsent messages then stay in the spools of the PCs.
      if (sessions.of(client)?.principal.kind !== 'flows') waitForNobody(client);
    },
    /** Called before aedes closes a client for this error. */
    failed(client: Client, error: Error): void {
      const admitted = sessions.of(client);
      if (admitted && !client.closed && error.message === 'drain timeout') cutOff(admitted, 'stalled');
    },
  };
}

/**
 * Weight of a frame in messages. An acknowledgement is caused by the server, so it counts little. A subscription is checked filter by filter, about 45 bytes each for an agent.
 */
function weightOf({ cmd, length }: Frame): number {
  if (cmd === 'puback') return 0.02;
  return cmd === 'subscribe' || cmd === 'unsubscribe' ? length / 32 : 1;
}

/** Rate limit that delays messages instead of refusing them. */
export type Pace = ReturnType<typeof createPace>;

const nothing = { weight: 0, size: 0 };

type Line = { waiting: { dueAt: number; go: () => void }[]; cancel: Cancel };

/** Guarantee: delayed messages of a connection keep their order, and a reconnect gives a PC no new quota. */
export function createPace({ messages, bytes, longestWaitMs }: Limits, clock: Clock, onSlowed: (who: string) => void) {
  const byMessages = createBuckets(messages);
  const byBytes = createBuckets(bytes);
  const lines = new Map<object, Line>();
  const waitMs = (who: string, { weight, size }: { weight: number; size: number }, now: number) =>
    Math.max(byMessages.waitMs(who, weight, now), byBytes.waitMs(who, size, now));

  function serve(connection: object, line: Line): void {
    while (line.waiting[0] && line.waiting[0].dueAt <= clock.up()) line.waiting.shift()?.go();
    const [next] = line.waiting;
    if (next) line.cancel = clock.after(next.dueAt - clock.up(), () => serve(connection, line));
    else if (lines.get(connection) === line) lines.delete(connection);
  }

  return {
    /** Counts a frame of a PC with its weight in messages. Returns false if its delay would be too long. */
    take(who: string, weight: number, size: number): boolean {
      const now = clock.up();
      if (waitMs(who, { weight, size }, now) > longestWaitMs) return false;
      byMessages.take(who, weight, now);
      byBytes.take(who, size, now);
      return true;
    },
    /** Runs `go` at once, or when the rate of its PC permits. */
    inTurn(connection: object, who: string, go: () => void): void {
      const line = lines.get(connection);
      const now = clock.up();
      const ownMs = waitMs(who, nothing, now);
      if (!line && ownMs === 0) return go();
      onSlowed(who);
      const turn = { dueAt: now + ownMs, go };
      if (line) return void line.waiting.push(turn);
      const first: Line = { waiting: [turn], cancel: () => {} };
      lines.set(connection, first);
      serve(connection, first);
    },
    gone(connection: object): void {
      const line = lines.get(connection);
      line?.cancel();
      line?.waiting.splice(0);
      lines.delete(connection);
    },
  };
}
