/** Tests calls to Windows libraries with fake functions. */
import { expect, test } from 'vitest';
import { library } from './koffi.test-helper.ts';
import type { NativeFunction } from './koffi.ts';
import { createBlockingCalls } from './slow.ts';
import { createPipes, createSystemCalls } from './system-calls.ts';

/** Returns a fake function that writes `value` to its output parameter number `at`. */
const fills = (at: number, value: unknown): NativeFunction => {
  return (...args) => {
    (args[at] as unknown[])[0] = value;
    return 1;
  };
};

test("the session call reports no user without a console session, although Windows would return the caller's session", () => {
  const asked = (id: number) =>
    createBlockingCalls(library({ WTSGetActiveConsoleSessionId: () => id, WTSQuerySessionInformationW: fills(3, 1n) })).consoleSession();
  expect(asked(3)).toMatchObject({ id: 3, user: 'Asha' });
  expect(asked(0xffff_ffff)).toMatchObject({ user: '', isLocked: null });
});

test('the list of running programs names each program by its path, or by its file name if the process cannot be inspected', () => {
  const processes = [
    [4, 'System'],
    [70, 'Zoom.exe'],
    [71, 'secret.exe'],
  ] as const;
  const left = [...processes];
  const entry: NativeFunction = (_, into) => {
    const [id, name] = left.shift() ?? [];
    if (id === undefined) return 0;
    (into as Buffer).writeUInt32LE(id, 8);
    (into as Buffer).write(`${name}\0`, 44, 'utf16le');
    return 1;
  };
  const closed: unknown[] = [];
  const path: NativeFunction = (_, __, into, long) => {
    (long as [number])[0] = (into as Buffer).write('C:\\Zoom\\Zoom.exe', 'utf16le') / 2;
    return 1;
  };
  const calls = {
    CreateToolhelp32Snapshot: () => 228,
    Process32FirstW: entry,
    Process32NextW: entry,
    OpenProcess: (_: unknown, __: unknown, id: unknown) => (id === 70 ? 7 : 0),
    QueryFullProcessImageNameW: path,
    CloseHandle: (one: unknown) => closed.push(one),
  };
  expect(createSystemCalls(library(calls)).programs()).toEqual(['System', 'C:\\Zoom\\Zoom.exe', 'secret.exe']);
  expect(closed).toEqual([7, 228]);
  const none = library({ CreateToolhelp32Snapshot: () => 0xffff_ffff_ffff_ffffn as unknown as number });
  expect(() => createSystemCalls(none).programs()).toThrow(/^the agent may not read the list of processes$/);
});

test('S15 the pipe call returns the session of a pipe only if its creator runs in that session, and closes the pipe otherwise', () => {
  const closed: unknown[] = [];
  const pipe = (sessions: { ofPipe: NativeFunction; ofProcess: NativeFunction }, handle = 228) =>
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
  const untold = /^Windows does not report the session of a pipe$/;
  expect(() => pipe({ ofPipe: fills(1, 2), ofProcess: fills(1, 5) })).toThrow(untold);
  expect(() => pipe({ ofPipe: fills(1, 2), ofProcess: () => 0 })).toThrow(untold);
  expect(() => pipe({ ofPipe: () => 0, ofProcess: fills(1, 2) })).toThrow(untold);
  expect(closed).toHaveLength(4);
});
