/** A clock that a test controls, and sample notices. */
import type { Cancel, Clock, Person } from '@sabha/contracts';
import type { Notice, OutboxRow } from '../../engine/records/notices.ts';
import { footerMark } from './words.ts';

export type TestClock = Clock & {
  /** Advances time by `ms` and runs due tasks in order. Waits for the work that each task starts. */
  pass(ms: number): Promise<void>;
  /** Pauses the process: time advances, but no task runs. */
  stall(ms: number): void;
  /** Suspends the machine: only the wall clock advances. */
  sleep(ms: number): void;
  /** Changes the wall clock by `ms`, as when somebody sets it. The uptime `up` does not change. */
  jump(ms: number): void;
};

export function testClock(startMs = Date.UTC(2026, 2, 3, 8, 35)): TestClock {
  let up = 0;
  let wall = startMs;
  let slept = 0;
  let timers: { at: number; task: () => void }[] = [];
  const after = (delayMs: number, task: () => void): Cancel => {
    const timer = { at: up + Math.max(0, delayMs), task };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  };
  return {
    now: () => wall + up,
    up: () => up,
    after,
    async pass(ms) {
      const end = up + ms;
      await settled();
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers = timers.filter((other) => other !== next);
        up = Math.max(up, next.at);
        next.task();
        await settled();
      }
      up = end;
    },
    stall(ms) {
      up += ms;
    },
    slept: () => slept,
    sleep(ms) {
      wall += ms;
      slept += ms;
    },
    jump(ms) {
      wall += ms;
    },
  };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const technician: Person = {
  id: 'asha',
  name: 'Asha',
  role: 'technician',
  scope: 'ladakh/leh',
  language: 'en',
  email: 'asha@office.test',
  webhook: true,
  addresses: { telegram: '4711' },
};

export function notice(changes: Partial<Notice> = {}): Notice {
  const since = Date.UTC(2026, 2, 3, 8, 35);
  return {
    kind: 'raised',
    incident: 17,
    severity: 'critical',
    scope: 'ladakh/leh/pc-1',
    site: { en: 'Leh', hi: 'लेह' },
    room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' },
    timeZone: 'Asia/Kolkata',
    faults: [{ fault: 'microphone.missing', device: '', name: 'Jabra Speak 510', reason: null, since }],
    at: since,
    flapping: false,
    lines: [],
    ...changes,
  };
}

export function row(changes: Partial<OutboxRow> = {}): OutboxRow {
  const { channel = 'email', person = 'asha', transition = 1 } = changes;
  const key = `${transition}/${channel}/${person}`;
  const createdAt = Date.UTC(2026, 2, 3, 8, 35);
  const fresh = { notice: notice(), createdAt, dueAt: createdAt, tries: 0, state: 'waiting' as const, lastError: null };
  return { key, transition, channel, person, ...fresh, ...changes };
}

/** Returns the first part of a message, without the details for a visit. */
export function bodyOf(text: string): string {
  return text.slice(0, text.indexOf(footerMark)).split('\n\n')[0] ?? '';
}
