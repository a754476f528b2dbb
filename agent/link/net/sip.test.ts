/** The times of RFC 3261 on a clock moved by hand; the bridges are real sockets that say nothing, or say it in a strange way. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { askBridge, type SipAnswer } from './sip.ts';

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
])(
  'a silent bridge is asked again at the times of RFC 3261 (T1 %s ms), with one and the same question, and given up after 32 s',
  async (t1, times) => {
    const { clock, heard, at, ask } = await silentBridge();
    const answer = ask(t1);
    await expect.poll(() => at.length).toBe(1);
    await clock.pass(32_000);
    expect(await answer).toEqual({ kind: 'silent', reason: 'nothing' });
    await clock.pass(60_000);
    expect(at).toEqual(times);
    await expect.poll(() => heard.length).toBe(times.length);
    expect(new Set(heard).size).toBe(1);
  },
);

/** What the book wants as an answer to this question. */
function answerTo(request: string, status = '200 OK'): string {
  const kept = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return `${[`SIP/2.0 ${status}`, ...kept, 'Content-Length: 0'].join('\r\n')}\r\n\r\n`;
}

const patient = { signal: new AbortController().signal };
const place = { host: '127.0.0.1' };

/** It says this, and no more. */
async function overTcp(answers: (request: string) => string): Promise<SipAnswer> {
  const server = createServer((socket) => socket.on('data', (data) => void socket.end(answers(data.toString())))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return askBridge({ ...place, transport: 'tcp', port }, { ...patient, clock: handClock(), used: () => undefined });
}

type Send = (text: string) => void;
/** Who says it: the port that was asked, and one more at `beside`; when so many words are there, the time is over. */
type Bench = { says(request: string, own: Send, other: Send): void; words: number; beside?: string };

async function overUdp({ says, words, beside = '127.0.0.1' }: Bench): Promise<SipAnswer> {
  const [own, other] = [createSocket('udp4'), createSocket('udp4')];
  onTestFinished(() => void [own, other].map((socket) => socket.close()));
  own.bind(0, '127.0.0.1');
  other.bind(0, beside);
  await Promise.all([once(own, 'listening'), once(other, 'listening')]);
  own.once('message', (packet, { port, address }) => {
    says(
      packet.toString(),
      (text) => own.send(text, port, address),
      (text) => other.send(text, port, address),
    );
  });
  const clock = handClock();
  let packets = 0;
  const used = () => {
    packets += 1;
  };
  const asking = askBridge({ ...place, transport: 'udp', port: own.address().port }, { ...patient, clock, used });
  await expect.poll(() => packets).toBe(1 + words);
  await clock.pass(32_000);
  return asking;
}

it('an answer from another port, or to another question, beat the right one that came after it', async () => {
  const right = { kind: 'answer', status: 200 };
  const after = (request: string, own: Send, other: Send) => {
    other(answerTo(request));
    setImmediate(() => own(answerTo(request)));
  };
  expect(await overUdp({ says: after, words: 2 })).toMatchObject(right);
  const misfit = (request: string) => answerTo(request).replace('1 OPTIONS', '2 OPTIONS');
  expect(await overTcp((request) => misfit(request) + answerTo(request))).toMatchObject(right);
  expect(await overTcp(misfit)).toEqual({ kind: 'silent', reason: 'misfit' });
  const beside = { says: (request: string, _: Send, other: Send) => other(answerTo(request)), words: 1 };
  expect(await overUdp(beside)).toEqual({ kind: 'silent', reason: 'another port' });
});
