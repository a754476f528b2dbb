import { afterAll, afterEach, beforeAll, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { runPart } from './part.ts';
import { StartError } from './start.ts';

const events = ['SIGTERM', 'SIGINT', 'disconnect', 'uncaughtException'] as const;
const before = new Map(events.map((event) => [event, process.rawListeners(event)]));
const added = (event: (typeof events)[number]) => process.rawListeners(event).filter((one) => !before.get(event)?.includes(one));
let exit: MockInstance<typeof process.exit>;
let forgotten: MockInstance<typeof process.removeAllListeners>;
beforeAll(() => {
  exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  forgotten = vi.spyOn(process, 'removeAllListeners').mockReturnValue(process);
});
// Other test files use the same process, so the mocks are removed.
afterAll(() => void vi.restoreAllMocks());
// A stop timer that a test leaves would end the test run a minute later.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => {
  vi.useRealTimers();
  for (const event of events) for (const one of added(event)) process.removeListener(event, one as () => void);
  exit.mockClear();
  forgotten.mockClear();
});

async function run(stop: () => unknown = () => {}, options: { stopLimitMs?: number; isParentConnected?: () => boolean } = {}) {
  const fatal = vi.fn();
  await runPart({ log: { fatal }, name: 'the broker', stopLimitMs: 60_000, start: async () => stop, ...options });
  const tell = (event: (typeof events)[number], ...said: unknown[]) => {
    for (const one of added(event)) Reflect.apply(one, process, said);
  };
  return { fatal, tell };
}

test.each(['SIGTERM', 'SIGINT', 'disconnect'] as const)('on %s the part stops its work and then exits with 0', async (event) => {
  const stopped = Promise.withResolvers<void>();
  const { tell } = await run(() => stopped.promise);
  tell(event);
  expect(exit).not.toHaveBeenCalled();
  stopped.resolve();
  await vi.waitFor(() => expect(exit.mock.calls).toEqual([[0]]));
});

test('a part that does not stop in time exits with 0', async () => {
  const { tell } = await run(() => new Promise(() => {}), { stopLimitMs: 20 });
  tell('SIGTERM');
  await vi.waitFor(() => expect(exit.mock.calls).toEqual([[0]]));
});

/** Waits until an orphaned part exits. Its exit handlers are removed, because the log would wait for a reader that is gone. */
const endedAlone = () => vi.waitFor(() => expect([exit.mock.calls, forgotten.mock.calls]).toEqual([[[0]], [['exit']]]));

test('an orphaned part exits at once during its start, because the start may never end', async () => {
  void runPart({ log: { fatal: vi.fn() }, name: 'the broker', stopLimitMs: 60_000, start: () => new Promise(() => {}) });
  for (const one of added('disconnect')) (one as () => void)();
  await endedAlone();
});

test('an orphaned part stops its work and then exits without waiting for a reader of its log', async () => {
  const stop = vi.fn();
  const { tell, fatal } = await run(stop);
  tell('disconnect');
  await endedAlone();
  expect(stop).toHaveBeenCalledOnce();
  tell('uncaughtException', new Error('the log cannot be written'));
  expect([exit.mock.calls, forgotten.mock.calls]).toEqual([
    [[0], [0]],
    [['exit'], ['exit']],
  ]);
  expect(fatal).not.toHaveBeenCalled();
});

test('a start error logs one fatal line, a bug logs its stack, and both exit with 1', async () => {
  const { fatal, tell } = await run();
  tell('uncaughtException', new StartError('SABHA_DATA is not set'));
  const bug = new Error('bug');
  tell('uncaughtException', bug);
  expect(fatal.mock.calls).toEqual([['SABHA_DATA is not set'], [{ err: bug }, 'the broker cannot continue']]);
  expect(exit.mock.calls).toEqual([[1], [1]]);
});
