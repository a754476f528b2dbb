/** Tests Windows components that never answer. The worker threads are fakes; calls in the agent's own thread are recorded. */
import { expect, test } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { createCallQueue } from '../windows/native/call-queue.ts';
import { library } from '../windows/native/koffi.test-helper.ts';
import type { NativeFunction } from '../windows/native/koffi.ts';
import { openNative } from '../windows/native/native.ts';
import { createWindows } from '../windows/windows.ts';
import { displays } from './displays.ts';
import { atConsole, session } from './session.ts';
import { usb } from './usb.ts';

const hanging = ['CM_Get_Device_ID_List_SizeW', 'OpenSCManagerW', 'WTSQuerySessionInformationW', 'EnumDisplayDevicesW'];

test('the Windows platform returns unknown if a device manager, service, session or graphics card hangs, and only worker threads block', async () => {
  const asked: string[] = [];
  const calls: Record<string, NativeFunction> = {
    RegOpenKeyExW: () => 2,
    ProcessIdToSessionId: () => 1,
    WTSGetActiveConsoleSessionId: () => 0,
  };
  for (const name of hanging) calls[name] = () => asked.push(name);
  const clock = handClock();
  let threads = 0;
  const begin = () => {
    threads += 1;
    return {
      postMessage: () => undefined,
      on: (event: string, told: (message: 'ready') => void) => event === 'message' && queueMicrotask(() => told('ready')),
      terminate: () => undefined,
    };
  };
  const run = async () => ({ ok: false, why: 'missing', text: '' }) as const;
  const native = openNative(
    () => ({ known: true, value: library(calls) }),
    () => createCallQueue(begin, clock.after).ask,
  );
  const pc = createWindows({ native, root: 'C:\\Windows', clock, run });
  const signal = AbortSignal.timeout(30_000);
  const answers = Promise.all([
    ...[pc.cameras(signal), pc.soundService(signal)],
    ...[usb, session, atConsole, displays].map((question) => pc.ask<unknown>(question, signal)),
  ]);
  for (let limits = 0; limits < 4; limits += 1) await clock.pass(2_000);
  expect(asked).toEqual([]);
  const unanswered = { known: false, reason: 'Windows does not answer' };
  expect(await answers).toMatchObject([unanswered, { known: true, value: 'hung' }, ...Array(4).fill(unanswered)]);
  expect(threads).toBe(3);
});
