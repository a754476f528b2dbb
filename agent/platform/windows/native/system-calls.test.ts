/** Windows as its libraries answer: each call is what a test says. */
import { expect, test } from 'vitest';
import type { Call, Koffi } from './koffi.ts';
import { createPipes } from './pipes.ts';
import { createSystemCalls } from './system-calls.ts';

/** All calls do nothing but those that are named. */
function library(calls: Record<string, Call>): Koffi {
  return {
    load: () => ({ func: (_, name) => calls[name] ?? (() => 0) }),
    proto: () => 'proto',
    pointer: () => 'pointer',
    out: () => 'out',
    inout: () => 'inout',
    call: () => 0,
    decode: Object.assign(() => 0n, { string16: () => 'Asha' }) as unknown as Koffi['decode'],
  };
}
/** Fills the place that a call is given for its answer. */
const fills = (at: number, value: unknown): Call => {
  return (...args) => {
    (args[at] as unknown[])[0] = value;
    return 1;
  };
};

test('with no session at the console nobody sits there, though Windows takes that number for the session of the asker', () => {
  const asked = (id: number) =>
    createSystemCalls(library({ WTSGetActiveConsoleSessionId: () => id, WTSQuerySessionInformationW: fills(3, 1n) })).consoleSession();
  expect(asked(3)).toMatchObject({ id: 3, user: 'Asha' });
  expect(asked(0xffff_ffff)).toMatchObject({ user: '', isLocked: null });
});

test('S15 a pipe tells its session where its maker lives and is of it too; else it is closed at once', () => {
  const closed: unknown[] = [];
  const pipe = (sessions: { ofPipe: Call; ofProcess: Call }, handle = 228) =>
    createPipes(
      library({
        CreateFileW: () => handle,
        CloseHandle: (one) => closed.push(one),
        GetNamedPipeServerSessionId: sessions.ofPipe,
        GetNamedPipeServerProcessId: fills(1, 77),
        ProcessIdToSessionId: (id, out) => (id === 77 ? sessions.ofProcess(id, out) : 0),
      }),
    )('\\\\.\\pipe\\x');
  const told = pipe({ ofPipe: fills(1, 2), ofProcess: fills(1, 2) });
  expect([told?.session, closed.length]).toEqual([2, 0]);
  told?.close();
  told?.close();
  expect(closed).toEqual([228]);
  const untold = /^Windows does not tell in which session a pipe was made$/;
  expect(() => pipe({ ofPipe: fills(1, 2), ofProcess: fills(1, 5) })).toThrow(untold);
  expect(() => pipe({ ofPipe: fills(1, 2), ofProcess: () => 0 })).toThrow(untold);
  expect(() => pipe({ ofPipe: () => 0, ofProcess: fills(1, 2) })).toThrow(untold);
  expect(closed).toHaveLength(4);
});

test('a pipe that is not there, or closed to us, is none', () => {
  const none = createPipes(library({ CreateFileW: () => 0xffff_ffff_ffff_ffffn as unknown as number }));
  expect(none('\\\\.\\pipe\\x')).toBeNull();
});
