// @module-tag long
/** The storm over a real mail server, which waits a tenth of a second before it greets: what the unit test says of a double. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { onTestFinished, test } from 'vitest';
import { type TestClock, testClock } from '../people.test-helper.ts';
import { createEmail, type Mailer, mailerOf } from './email.ts';
import { mailLimit, mailStorm } from './storms.test-helper.ts';

/** A real SMTP server that takes so many mails in any minute and turns further ones away; `settled` ends when nobody talks to it. */
async function mailServer(clock: TestClock, perMinute: number) {
  const limit = mailLimit(clock, perMinute);
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, done) =>
      limit.take(address) ? done() : done(Object.assign(new Error('4.5.3 too many messages'), { responseCode: 452 })),
    onData(stream, _session, done) {
      stream.resume();
      stream.once('end', () => done());
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  const { port } = server.server.address() as AddressInfo;
  const settings = { host: '127.0.0.1', port, from: 'sabha@centre.test', secure: false, perMinute };
  const real = mailerOf(settings);
  const talks = new Set<Promise<unknown>>();
  const mailer: Mailer = {
    async sendMail(mail) {
      const talk = real.sendMail(mail);
      talks.add(talk);
      return talk.finally(() => talks.delete(talk));
    },
    close: () => real.close(),
  };
  return { channel: createEmail(settings, { clock, mailer }), limit, settled: () => Promise.allSettled(talks) };
}

test('700 alerts in a minute over a real mail server that takes 30 a minute: it turns none away, what is critical is told within some two minutes, all within six', async () => {
  const clock = testClock();
  const { channel, limit, settled } = await mailServer(clock, 30);
  await mailStorm({ clock, channel, limit }, settled);
});
