/** A real SMTP server in this process that collects the mails. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { type ReadMail, readMail } from '../../flows/notify/people/channels/mail.test-helper.ts';

export type Mail = ReadMail & { to: string; subject: string; key: string; fromMs: number; atMs: number };
export type Mailbox = {
  port: number;
  /**
   * Received mails, oldest first, with times of `performance.now()`. The connection opened at `fromMs` or later, and the last byte arrived
   * at `atMs`.
   */
  mails: Mail[];
  to(person: string): Mail[];
  close(): Promise<void>;
};

const turnMs = 5;

/** Opens a mailbox for all recipients, on a free port by default. A mail is in the list before the sender gets the response. */
export async function openMailbox(at = 0): Promise<Mailbox> {
  const mails: Mail[] = [];
  // A busy process may notice a connection late, so the connection gets the time of the event loop turn before.
  const opened = new Map<string, number>();
  let lastTurn = performance.now();
  const turns = setInterval(() => (lastTurn = performance.now()), turnMs).unref();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onConnect({ id }, done) {
      opened.set(id, lastTurn);
      done();
    },
    onClose: ({ id }) => void opened.delete(id),
    onData(stream, { id, envelope }, done) {
      const fromMs = opened.get(id) ?? lastTurn;
      text(stream).then((raw) => {
        const mail = readMail(raw);
        const header = (name: string) => mail.headers.get(name) ?? '';
        const to = envelope.rcptTo.map(({ address }) => address).join();
        mails.push({ ...mail, to, subject: header('subject'), key: header('x-sabha-key'), fromMs, atMs: performance.now() });
        done();
      }, done);
    },
  });
  // Ignores connection errors, because these tests kill senders in the middle of a mail.
  server.on('error', () => {});
  server.listen(at, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    to: (person) => mails.filter((mail) => mail.to.startsWith(`${person}@`)),
    async close() {
      clearInterval(turns);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
