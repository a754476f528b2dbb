import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { exitOrphaned, onNpmExit, onShutdownRequest, type ProgramContext } from './stop-signal.ts';

/** Processes by id: parent process and command. */
type Table = Record<number, [parent: number, command: string]>;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const env = { npm_lifecycle_script: 'node start.ts' };
const script = '/opt/sabha/start.ts';
const own = 30;

function watch(table: Table, started: Partial<ProgramContext> = {}) {
  const gone = vi.fn();
  const read = (path: string) => {
    const [, pid = '', file] = /^\/proc\/(\d+)\/(\w+)$/.exec(path) ?? [];
    const [parent, command] = table[Number(pid)] ?? [];
    if (command === undefined) return undefined;
    return file === 'cmdline' ? `${command.replaceAll('|', '\0')}\0` : `Name:\tx\nPPid:\t${parent}\n`;
  };
  onNpmExit({ env, script, parent: () => table[own]?.[0] ?? 1, read, ...started }, gone);
  return () => {
    vi.advanceTimersByTime(1_000);
    return gone.mock.calls.length;
  };
}

test('a program is asked to end at each signal, and once when its parent process is gone', () => {
  const listeners = new Map<string | symbol, () => void>();
  const note = (event: string | symbol, listener: () => void) => listeners.set(event, listener) && process;
  vi.spyOn(process, 'on').mockImplementation(note as typeof process.on);
  vi.spyOn(process, 'once').mockImplementation(note as typeof process.once);
  onTestFinished(() => void vi.restoreAllMocks());
  const end = vi.fn();
  onShutdownRequest({ env: {}, script, isParentConnected: () => true }, end);
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGINT', 'disconnect']) listeners.get(event)?.();
  expect(end.mock.calls.flat()).toEqual(['stopped', 'stopped', 'stopped', 'stopped', 'orphaned']);
  onShutdownRequest({ env: {}, script, isParentConnected: () => false }, end);
  expect(end).toHaveBeenLastCalledWith('orphaned');
  expect(end).toHaveBeenCalledTimes(6);
});

test('an orphaned process exits without waiting for the last lines of its log', () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const forgotten = vi.spyOn(process, 'removeAllListeners').mockReturnValue(process);
  onTestFinished(() => void vi.restoreAllMocks());
  exitOrphaned();
  expect([forgotten.mock.calls, exit.mock.calls]).toEqual([[['exit']], [[0]]]);
});

const underShell = (): Table => ({
  1: [0, '/sbin/init'],
  9: [1, 'bash'],
  10: [9, 'npm start'],
  20: [10, 'sh|-c|node start.ts'],
  [own]: [20, 'node|start.ts'],
});

test('if the shell of npm is killed, its command is asked to end once', () => {
  const table = underShell();
  const told = watch(table);
  expect(told()).toBe(0);
  table[own] = [1, 'node|start.ts'];
  expect([told(), told()]).toEqual([1, 1]);
});

test('if npm is killed and its shell survives, the command is asked to end', () => {
  const table = underShell();
  const told = watch(table);
  table[20] = [1, 'sh|-c|node start.ts'];
  expect(told()).toBe(1);
});

test('if the command replaces the shell, npm is its parent and is watched', () => {
  const table: Table = { 1: [0, 'init'], 9: [1, 'bash'], 10: [9, 'npm start'], [own]: [10, 'node|start.ts'] };
  const told = watch(table);
  table[10] = [1, 'npm start'];
  expect(told()).toBe(0);
  table[own] = [1, 'node|start.ts'];
  expect(told()).toBe(1);
});

test.each([
  ['no npm', {}],
  ['the script of another command', { npm_lifecycle_script: 'vitest run' }],
])('a program started by %s may outlive its parent', (_, other) => {
  const table = underShell();
  const told = watch(table, { env: other });
  table[own] = [1, 'node|start.ts'];
  expect(told()).toBe(0);
});
