import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { type HandClock, handClock } from '../../checks/agent.test-helper.ts';
import { createNut } from './nut.ts';

type Server = { port: number; asked: string[]; left: Promise<unknown> };

/** Starts a server that sends this text as its response, byte by byte if `pieces` is true. With null it never responds. */
async function serve(answer: string | null, pieces = false): Promise<Server> {
  const asked: string[] = [];
  const left = Promise.withResolvers<unknown>();
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.on('close', () => left.resolve(undefined));
    socket.on('data', async (bytes) => {
      asked.push(bytes.toString());
      if (answer === null) return;
      if (pieces) for (const byte of answer) await new Promise((resolve) => socket.write(byte, resolve));
      else socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, asked, left: left.promise };
}

function ask(
  port: number,
  { clock = handClock(), signal = new AbortController().signal }: { clock?: HandClock; signal?: AbortSignal } = {},
) {
  return createNut({ connect, clock })({ name: 'room', host: '127.0.0.1', port }, signal);
}
const listOf = (...lines: string[]) => ['BEGIN LIST VAR room', ...lines, 'END LIST VAR room', ''].join('\n');

it('the NUT client sends one request, reads the variables with quotes unescaped, and disconnects', async () => {
  const { port, asked, left } = await serve(
    listOf('VAR room ups.status "OB LB"', 'VAR room device.mfr "A \\"good\\" \\\\ maker"', 'VAR room ups.id ""'),
  );
  const answer = await ask(port);
  expect(answer).toEqual({
    known: true,
    variables: new Map([
      ['ups.status', 'OB LB'],
      ['device.mfr', 'A "good" \\ maker'],
      ['ups.id', ''],
    ]),
  });
  await left;
  expect(asked).toEqual(['LIST VAR room\n']);
});

it.each([
  ['DATA-STALE', true, 'the UPS no longer reports its state'],
  ['ACCESS-DENIED', false, 'upsd does not give this PC access'],
  ['UNKNOWN-COMMAND', false, 'upsd refuses: UNKNOWN-COMMAND'],
])('the NUT client maps the error %s to lost=%s and a reason', async (code, lost, reason) => {
  const { port } = await serve(`ERR ${code}\n`);
  expect(await ask(port)).toEqual({ known: false, lost, reason });
});

it.each([
  ['another program', 'SSH-2.0-OpenSSH_9.7\r\n'],
  ['an open quote', listOf('VAR room ups.status "OL')],
  ['a line without end', `BEGIN LIST VAR room\nVAR room x "${'y'.repeat(4_096)}`],
])('the NUT client reports an unreadable response (%s) as unknown, not as a lost UPS', async (_what, text) => {
  const { port, left } = await serve(text);
  expect(await ask(port)).toEqual({ known: false, lost: false, reason: 'the answer of upsd cannot be read' });
  await left;
});

it('the NUT client gives up on a silent server after 2 s, or when it is aborted, and disconnects', async () => {
  const { port, left } = await serve(null);
  const clock = handClock();
  const late = ask(port, { clock });
  await clock.pass(1_999);
  const early = await Promise.race([late, new Promise((resolve) => setImmediate(() => resolve('not yet')))]);
  expect(early).toBe('not yet');
  await clock.pass(1);
  expect(await late).toMatchObject({ known: false, reason: 'upsd does not answer' });
  await left;
  const abort = new AbortController();
  const called = ask(port, { signal: abort.signal });
  abort.abort();
  expect(await called).toMatchObject({ known: false, reason: 'upsd does not answer' });
  expect(await ask(port, { signal: AbortSignal.abort() })).toMatchObject({ known: false });
});
