import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { realClock } from '@sabha/contracts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { notice, technician } from '../people.test-helper.ts';
import { type ChannelRig, conformance, message, type Trouble } from './conformance.test-helper.ts';
import { createWebhook } from './webhook.ts';

const secret = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;
type ReceivedRequest = { headers: IncomingHttpHeaders; body: string };

/** A real HTTP server with scripted responses. */
async function open(
  answer: (response: ServerResponse) => void = (response) => response.writeHead(204).end(),
  shape: 'sabha' | 'alertmanager' = 'sabha',
) {
  const posts: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    answer(response);
    if (response.statusCode < 300 && response.headersSent) posts.push({ headers: request.headers, body });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { channel: createWebhook({ url: `http://127.0.0.1:${port}/hook`, secret, shape }, { clock: realClock(), fetch }), posts, close };
}

const status =
  (code: number, headers = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end();

async function troubled(trouble?: Trouble): Promise<ChannelRig> {
  const answers: Partial<Record<Trouble, (response: ServerResponse) => void>> = {
    busy: status(503),
    refuses: status(410),
    hangs: () => {},
    floods: status(429, { 'retry-after': '90' }),
    drips,
  };
  const { channel, posts, close } = await (trouble === undefined ? open() : open(answers[trouble]));
  if (trouble === 'gone') await close();
  const taken = () => posts.map(({ body }) => JSON.parse(body)).map(({ key, subject, text }) => ({ key, subject, text }));
  return { channel, taken, close: trouble === 'gone' ? async () => {} : close };
}

/** Sends the head at once, then one byte a second. */
function drips(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write('x'), 1_000);
  response.write('x');
  response.once('close', () => clearInterval(timer));
}

conformance(technician, ['busy', 'refuses', 'hangs', 'gone', 'floods', 'drips'], troubled);

describe('webhook', () => {
  const start = async (...args: Parameters<typeof open>) => {
    const rig = await open(...args);
    onTestFinished(rig.close);
    return rig;
  };
  const send = ({ channel }: Pick<ChannelRig, 'channel'>, changes = {}) =>
    channel.send(message(changes), technician, AbortSignal.timeout(5_000));

  test('the signature proves the sender and the time of a message', async () => {
    const rig = await start();
    const before = Date.now() / 1_000;
    await send(rig);
    const { headers, body } = rig.posts[0] as ReceivedRequest;
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    const sentAt = Number(headers['webhook-timestamp']);
    expect([sentAt >= Math.floor(before), sentAt <= Date.now() / 1_000]).toEqual([true, true]);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test('the webhook body contains the facts of the incident besides the text', async () => {
    const rig = await start();
    await send(rig);
    const outage = { cause: 'power-cut', confidence: 0.95, from: 1, to: 2 } as const;
    await send(rig, { notice: notice({ outage }) });
    expect(JSON.parse(rig.posts[1]?.body ?? '').outage).toEqual(outage);
    expect(JSON.parse(rig.posts[0]?.body ?? '')).toMatchObject({
      outage: null,
      person: { id: 'asha', name: 'Asha' },
      language: 'en',
      severity: 'critical',
      kind: 'raised',
      incident: 17,
      scope: 'ladakh/leh/pc-1',
      room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' },
      faults: [{ fault: 'microphone.missing', name: 'Jabra Speak 510' }],
    });
  });

  test('in the format of Alertmanager a raise is a firing alert, its end resolves the same group, and no name becomes a label', async () => {
    const rig = await start(undefined, 'alertmanager');
    const link = 'https://sabha.test/?#/incident/17';
    await send(rig, { link });
    const at = Date.UTC(2026, 2, 3, 9);
    await send(rig, { link, notice: notice({ kind: 'cleared', at, room: { en: 'x"} evil{', hi: '' } }) });
    const [fired, resolved] = rig.posts.map(({ body }) => JSON.parse(body));
    expect(fired).toMatchObject({
      version: '4',
      status: 'firing',
      receiver: 'asha',
      groupLabels: { incident: '17' },
      commonLabels: { alertname: 'microphone.missing', severity: 'critical', scope: 'ladakh/leh/pc-1', incident: '17' },
      externalURL: link,
      alerts: [{ status: 'firing', startsAt: '2026-03-03T08:35:00.000Z', endsAt: '0001-01-01T00:00:00Z' }],
    });
    expect(resolved).toMatchObject({ status: 'resolved', groupKey: fired.groupKey, commonLabels: fired.commonLabels });
    expect(resolved.alerts[0]).toMatchObject({ fingerprint: fired.alerts[0].fingerprint, endsAt: '2026-03-03T09:00:00.000Z' });
  });

  test('the webhook waits until the date that Retry-After names', async () => {
    const at = new Date(Date.now() + 600_000).toUTCString();
    const { afterMs } = (await send(await start(status(429, { 'retry-after': at })))) as { afterMs: number };
    expect(afterMs).toBeGreaterThan(590_000);
    expect(afterMs).toBeLessThanOrEqual(600_000);
  });
});
