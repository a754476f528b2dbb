import type { ServerResponse } from 'node:http';
import { realClock } from '@sabha/contracts';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DeliveryReport, Device } from '../../../engine/records/notices.ts';
import { notice, technician } from '../people.test-helper.ts';
import { type ChannelRig, conformance, message, type Trouble } from './conformance.test-helper.ts';
import { newEncryptionInput, pushKeyOf } from './kit/web-push.ts';
import { createPush, pushKind } from './push.ts';
import { type PushAnswer, pushService } from './push-service.test-helper.ts';

const link = 'https://sabha.test/t?0123456789abcdef0123456789abcdef.asha.17.abc';

/** A channel to a simulated push service, with the devices of one person. */
async function open({ answer, names = ['phone'], speed = 1 }: { answer?: PushAnswer | undefined; names?: string[]; speed?: number } = {}) {
  const service = await pushService(answer);
  const secret = newEncryptionInput().secret;
  const held: Device[] = names.map((name) => service.device(name, pushKeyOf(secret).public));
  const reported: DeliveryReport[] = [];
  const devices = {
    secret,
    of: (person: string) => (person === technician.id ? held : []),
    gone: (_: string, endpoint: string) =>
      void held.splice(
        held.findIndex((one) => one.endpoint === endpoint),
        1,
      ),
  };
  const reports = { take: async (report: DeliveryReport) => void reported.push(report), about: () => undefined };
  const options = { contact: 'mailto:it@office.test', devices, reports, now: Date.now, fetch, clock: realClock(speed) };
  const shown = () => service.pushed.map(({ text }) => JSON.parse(text));
  return { channel: createPush(options), service, held, reported, shown, options, close: service.close };
}

const status =
  (code: number, headers = {}): PushAnswer =>
  (response) => {
    response.writeHead(code, headers).end();
    return true;
  };

const answers: Partial<Record<Trouble, PushAnswer>> = {
  busy: status(503),
  refuses: status(400),
  locked: status(403),
  floods: status(429, { 'retry-after': '90' }),
  hangs: () => true,
  drips,
};

/** Sends the head of the response at once, then one byte a second. */
function drips(response: ServerResponse): true {
  response.writeHead(201);
  const timer = setInterval(() => response.write('x'), 1_000);
  response.write('x');
  response.once('close', () => clearInterval(timer));
  return true;
}

conformance(technician, ['busy', 'refuses', 'hangs', 'gone', 'locked', 'floods', 'drips'], async (trouble): Promise<ChannelRig> => {
  const rig = await open({ answer: trouble && answers[trouble] });
  if (trouble === 'gone') await rig.close();
  const taken = () => rig.shown().map(({ title }) => ({ subject: title }));
  return { channel: rig.channel, accepts: true, carries: ['subject'], taken, close: trouble === 'gone' ? async () => {} : rig.close };
});

describe('push', () => {
  const start = async (...args: Parameters<typeof open>) => {
    const rig = await open(...args);
    onTestFinished(rig.close);
    return rig;
  };
  const send = ({ channel }: Pick<ChannelRig, 'channel'>, changes = {}) =>
    channel.send(message(changes), technician, AbortSignal.timeout(5_000));

  test('a notification shows fault and place without personal names, two buttons and a link', async () => {
    const rig = await start();
    await send(rig, { link, text: 'Asha, Devi is on it already\n' });
    expect(rig.shown()).toEqual([
      {
        id: expect.stringMatching(/^[\w-]{22}\.[\w-]{43}$/),
        title: 'Critical: Microphone not found',
        body: '',
        lang: 'en',
        link: '/t?0123456789abcdef0123456789abcdef.asha.17.abc',
        tag: 'incident-17',
        at: expect.any(Number),
        renotify: true,
        actions: [
          { action: 'going', title: 'I am going' },
          { action: 'seen', title: 'Seen' },
        ],
      },
    ]);
    expect(rig.service.pushed[0]?.text).not.toMatch(/Devi|Asha/);
    expect(rig.service.pushed[0]?.headers).toMatchObject({ ttl: '900', urgency: 'high' });
  });

  test('the title of a push notification starts with the fault, and its text with the place', async () => {
    const rig = await start();
    const site = { en: 'Leh', hi: 'लेह' };
    await send(rig, { subject: 'Leh, Ladakh: Critical: Microphone not found, Room 1', notice: notice({ site }) });
    await send(rig, { subject: 'Critical: Disk: full', notice: notice({ site: { en: '', hi: '' } }) });
    expect(rig.shown().map(({ title, body }) => [title, body])).toEqual([
      ['Critical: Microphone not found, Room 1', 'Leh, Ladakh'],
      ['Critical: Disk: full', ''],
    ]);
  });

  test('the end of an incident silently replaces its push notification; a list or a link to the wall has no buttons', async () => {
    const rig = await start();
    await send(rig, { link, severity: 'minor', notice: notice({ kind: 'cleared' }) });
    await send(rig, { list: true });
    await send(rig, { link: 'https://sabha.test/?#/incident/17' });
    const [cleared, list, onWall] = rig.shown();
    expect(cleared).toMatchObject({ tag: 'incident-17', renotify: false, actions: [] });
    expect(rig.service.pushed[0]?.headers['urgency']).toBe('normal');
    expect(list).toMatchObject({ link: '/', actions: [] });
    expect(onWall.link).toBe('/#/incident/17');
    expect(list.tag).toBe(list.id);
    expect(onWall.actions).toEqual([]);
  });

  test('an accepted message is delivered once a device confirms it with the signed id, and no one else can confirm it', async () => {
    const rig = await start({ names: ['phone', 'pc'] });
    const outcome = await send(rig);
    const [phone, pc] = rig.shown();
    expect(outcome).toEqual({ result: 'accepted', id: phone.id });
    expect(pc.id).toBe(phone.id);
    const hear = (token: string, method = 'POST') =>
      rig.channel.receiveCall?.({ method, token, query: new URLSearchParams(), headers: {}, body: Buffer.alloc(0) });
    const flipped = phone.id.replace(/.$/, (last: string) => (last === 'A' ? 'B' : 'A'));
    for (const wrong of ['', '.', 'x', `${phone.id}.x`.slice(1), flipped]) expect(await hear(wrong)).toEqual({ status: 401 });
    expect(await hear(phone.id, 'GET')).toEqual({ status: 401 });
    expect(rig.reported).toEqual([]);
    expect(await hear(phone.id)).toEqual({ status: 200 });
    expect(rig.reported).toEqual([{ channel: 'push', id: phone.id, outcome: { result: 'delivered' } }]);
  });

  test('a device that revoked its permission is dropped; without any device the message is refused at once', async () => {
    const rig = await start({ names: ['phone', 'pc'] });
    rig.service.leave('phone');
    expect(await send(rig)).toMatchObject({ result: 'accepted' });
    expect(rig.held.map(({ endpoint }) => endpoint.split('/').at(-1))).toEqual(['pc']);
    rig.service.leave('pc');
    expect(await send(rig)).toEqual({ result: 'refused', reason: 'no device of asha accepts it now' });
    expect(rig.held).toEqual([]);
    expect(await send(rig)).toEqual({ result: 'refused', reason: 'asha has no device' });
  });

  test('a hanging push service does not delay the other device of the person', async () => {
    const rig = await start({ names: ['phone', 'pc'], answer: (_, path) => (path.endsWith('phone') ? true : undefined), speed: 100 });
    const outcome = await rig.channel.send(message(), technician, AbortSignal.timeout(30_000));
    expect([outcome.result, rig.shown().length]).toEqual(['accepted', 1]);
  });

  test('push reaches persons with a device, and carries incidents and announcements, but no digest and no notice of the server', async () => {
    const rig = await start();
    const { devices } = rig.options;
    expect(pushKind.reaches?.(technician, { devices })).toBe(true);
    expect(pushKind.reaches?.({ ...technician, id: 'ravi' }, { devices })).toBe(false);
    expect(pushKind.reaches?.(technician, {})).toBe(false);
    const carries = pushKind.carries?.({ contact: 'mailto:it@office.test', services: [] });
    expect(carries?.(notice(), 0)).toBe(true);
    expect(carries?.(notice({ digest: true }), 0)).toBe(false);
    expect(carries?.(notice({ incident: null, kind: 'direct' }), 0)).toBe(false);
    expect(carries?.(notice({ incident: null, announcement: { id: 1, by: 'Devi', text: 'x' } }), 0)).toBe(true);
  });
});
