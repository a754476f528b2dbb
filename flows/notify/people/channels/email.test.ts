import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { realClock } from '@sabha/contracts';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, test } from 'vitest';
import { notice, technician } from '../people.test-helper.ts';
import { type ChannelRig, conformance, message, type Trouble } from './conformance.test-helper.ts';
import { createEmail, type EmailSettings, mailerOf } from './email.ts';
import { type ReadMail, readMail } from './mail.test-helper.ts';

type MailRig = ChannelRig & { mails: ReadMail[]; recipients: string[] };

/** Starts a real SMTP server on a free port, and opens a channel that sends to it. */
async function open(options: SMTPServerOptions = {}, settings: Partial<EmailSettings> = {}): Promise<MailRig> {
  const mails: ReadMail[] = [];
  const recipients: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      recipients.push(...session.envelope.rcptTo.map(({ address }) => address));
      void text(stream).then((raw) => {
        mails.push(readMail(raw));
        done();
      });
    },
    ...options,
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(resolve));
  return { ...client(port, settings), mails, recipients, close, taken: () => mails.map(takenOf) };
}

function client(port: number, settings: Partial<EmailSettings> = {}) {
  const all = { host: '127.0.0.1', port, from: 'sabha@centre.test', secure: false, ...settings };
  return { channel: createEmail(all, { clock: realClock(), mailer: mailerOf(all) }) };
}

function takenOf({ headers, text }: ReadMail) {
  return { key: headers.get('x-sabha-key') ?? '', subject: headers.get('subject') ?? '', text };
}

const no = (responseCode: number) => Object.assign(new Error('not now'), { responseCode });

async function troubled(trouble?: Trouble): Promise<ChannelRig> {
  if (trouble === 'busy') return open({ onRcptTo: (_address, _session, done) => done(no(451)) });
  if (trouble === 'refuses') return open({ onRcptTo: (_address, _session, done) => done(no(550)) });
  if (trouble === 'hangs') return silent();
  const rig = await open();
  if (trouble === 'gone') await rig.close();
  return trouble === 'gone' ? { ...rig, close: async () => {} } : rig;
}

/** Starts a mail server that accepts the connection and never responds. */
async function silent(): Promise<ChannelRig> {
  const server: Server = createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { ...client(port), taken: () => [], close: async () => void server.close() };
}

conformance(technician, ['busy', 'refuses', 'hangs', 'gone'], troubled);

describe('e-mail', () => {
  const rigs: MailRig[] = [];
  const start = async (...args: Parameters<typeof open>) => {
    const rig = await open(...args);
    rigs.push(rig);
    return rig;
  };
  const send = ({ channel }: ChannelRig, changes = {}, person = technician) =>
    channel.send(message(changes), person, AbortSignal.timeout(5_000));
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });

  test('a mail has the plain text before the HTML, the sender Sabha, and a header that marks it as automatic', async () => {
    const rig = await start();
    await send(rig);
    expect(rig.recipients).toEqual(['asha@office.test']);
    const headers = Object.fromEntries(rig.mails[0]?.headers ?? []);
    expect(headers).toMatchObject({
      from: 'Sabha <sabha@centre.test>',
      to: 'Asha <asha@office.test>',
      'content-type': expect.stringMatching(/^multipart\/alternative;/),
      'auto-submitted': 'auto-generated',
      'content-language': 'en',
      'x-sabha-key': '1/x/asha',
      importance: 'High',
    });
    const [mail] = rig.mails;
    expect(mail?.text).toBe('one\ntwo\n');
    expect(mail?.html).toContain('one</p>');
    expect(mail?.raw.indexOf('text/plain')).toBeLessThan(mail?.raw.indexOf('text/html') ?? 0);
  });

  test('all mails of an incident form one thread; a mail of another incident and a list do not join it', async () => {
    const rig = await start();
    await send(rig);
    await send(rig, { key: '2/email/asha', notice: notice({ kind: 'cleared' }) });
    await send(rig, { key: '3/email/asha', notice: notice({ incident: 18 }) });
    await send(rig, { key: '4/email/asha', list: true });
    const [raised, cleared, other, list] = rig.mails.map(({ headers }) => headers);
    expect(raised?.get('references')).toMatch(/^<[0-9a-f]{32}@centre\.test>$/);
    expect(raised?.has('in-reply-to')).toBe(false);
    expect(cleared?.get('references')).toBe(raised?.get('references'));
    expect(cleared?.get('in-reply-to')).toBe(raised?.get('references'));
    expect(other?.get('references')).not.toBe(raised?.get('references'));
    expect(list?.has('references')).toBe(false);
  });

  test('S14 a hostile name adds no header, no recipient and no markup', async () => {
    const rig = await start();
    const hostile = 'Asha"\r\nBcc: all@office.test\r\n\r\n<script>, evil@x.test';
    const sent = await send(rig, { subject: `Critical: ${hostile}`, key: `1/email/${hostile}` }, { ...technician, name: hostile });
    expect(sent).toEqual({ result: 'delivered' });
    expect(rig.recipients).toEqual(['asha@office.test']);
    const { headers, text } = rig.mails[0] ?? readMail('\n\n');
    await send(rig);
    expect([...headers.keys()].sort()).toEqual([...(rig.mails[1]?.headers.keys() ?? [])].sort());
    expect(headers.get('subject')).toBe('Critical: Asha" Bcc: all@office.test <script>, evil@x.test');
    expect(text).toBe('one\ntwo\n');
  });

  test.each([
    ['450 for the message', { onData: refusing(450) }, 'retry'],
    ['552 for the message', { onData: refusing(552) }, 'refused'],
    ['421 at the door', { onConnect: turningAway(421) }, 'retry'],
    ['554 at the door: it turns everybody away, which is not about this message', { onConnect: turningAway(554) }, 'retry'],
  ] satisfies [string, SMTPServerOptions, string][])(
    'the e-mail channel returns retry or refused by the reply of the mail server: %s',
    async (_, options, result) => {
      expect(await send(await start(options))).toMatchObject({ result, reason: expect.stringMatching(/\S/) });
    },
  );

  test('a wrong password of the mail account results in `locked`, and the right password delivers', async () => {
    const options: SMTPServerOptions = {
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        username === 'sabha' && password === 'right' ? done(null, { user: username }) : done(no(535)),
    };
    expect(await send(await start(options, { user: 'sabha', password: 'wrong' }))).toMatchObject({
      result: 'locked',
      reason: expect.stringContaining('535'),
    });
    expect(await send(await start(options, { user: 'sabha', password: 'right' }))).toEqual({ result: 'delivered' });
  });

  test('a mail to a person without an address, or with an invalid address, is refused', async () => {
    const rig = await start();
    const { email: _, ...nowhere } = technician;
    expect(await send(rig, {}, nowhere)).toMatchObject({ result: 'refused', reason: 'asha has no e-mail address' });
    expect(await send(rig, {}, { ...technician, email: 'a b@@<>' })).toMatchObject({ result: 'refused' });
    expect(rig.mails).toEqual([]);
  });
});

function refusing(code: number): NonNullable<SMTPServerOptions['onData']> {
  return (stream, _session, done) => {
    stream.resume();
    stream.once('end', () => done(no(code)));
  };
}

function turningAway(code: number): NonNullable<SMTPServerOptions['onConnect']> {
  return (_session, done) => done(no(code));
}
