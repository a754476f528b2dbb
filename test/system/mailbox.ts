/** A real SMTP server in this process, and the mails that it took. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { type ReadMail, readMail } from '../../flows/people/channels/mail.test-helper.ts';

export type Mail = ReadMail & { to: string; subject: string; key: string; atMs: number };
export type Mailbox = {
  port: number;
  /** What was taken so far, oldest first; `atMs` is `performance.now()` when the last byte had come. */
  mails: Mail[];
  to(person: string): Mail[];
  close(): Promise<void>;
};

/** Opens a mailbox for everybody, on a free port where none is named. A mail stands in it before the sender hears that it was taken. */
export async function openMailbox(at = 0): Promise<Mailbox> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, { envelope }, done) {
      text(stream).then((raw) => {
        const mail = readMail(raw);
        const header = (name: string) => mail.headers.get(name) ?? '';
        const to = envelope.rcptTo.map(({ address }) => address).join();
        mails.push({ ...mail, to, subject: header('subject'), key: header('x-sabha-key'), atMs: performance.now() });
        done();
      }, done);
    },
  });
  // A sender that is killed in the middle of a mail is what these tests are about.
  server.on('error', () => {});
  server.listen(at, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    to: (person) => mails.filter((mail) => mail.to.startsWith(`${person}@`)),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
