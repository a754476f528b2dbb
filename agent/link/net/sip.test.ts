/** Tests the retransmission times of RFC 3261 with a manual clock. The bridges are real sockets that stay silent or respond wrongly. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { askBridge } from './sip.ts';

async function silentBridge() {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  const heard: string[] = [];
  socket.on('message', (packet) => void heard.push(packet.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const clock = handClock();
  const at: number[] = [];
  const ask = (firstWaitMs?: number) => {
    const used = () => void (at.length < 99 && at.push(clock.up()));
    const bridge = { transport: 'udp' as const, host: '127.0.0.1', port: socket.address().port };
    return askBridge(bridge, { clock, used, signal: new AbortController().signal, ...(firstWaitMs !== undefined && { firstWaitMs }) });
  };
  return { clock, heard, at, ask };
}

it.each([
  [undefined, [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]],
  [1_000, [0, 1_000, 3_000, 7_000, 11_000, 15_000, 19_000, 23_000, 27_000, 31_000]],
])('the SIP client repeats one request to a silent bridge at the times of RFC 3261 (T1 %s ms) until 32 s', async (t1, times) => {
  const { clock, heard, at, ask } = await silentBridge();
  const answer = ask(t1);
  await expect.poll(() => at.length).toBe(1);
  await clock.pass(32_000);
  expect(await answer).toEqual({ kind: 'silent', reason: 'nothing' });
  await clock.pass(60_000);
  expect(at).toEqual(times);
  await expect.poll(() => heard.length).toBe(times.length);
  expect(new Set(heard).size).toBe(1);
});
