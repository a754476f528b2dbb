/** Debian's OpenSMTPD on loopback. It delivers to a maildir in a temporary folder. It needs root to drop its privileges. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ReadMail, readMail } from '../../flows/notify/people/channels/mail.test-helper.ts';
import { freePorts } from '../system/processes.ts';
import { installed } from './parts.ts';

export type MailServer = {
  port: number;
  start(): Promise<void>;
  /** Returns the mails delivered so far, oldest first, once there are `count`. Throws after 20 s. */
  mails(count: number): Promise<ReadMail[]>;
  stop(): Promise<void>;
  remove(): Promise<void>;
};

export function mailServerFound(): boolean {
  return process.getuid?.() === 0 && installed(['smtpd', 'unshare', 'mount']);
}

/** Creates a server and does not start it. It accepts mail for everybody except `never@…` (550) and `later@…` (451). */
export async function mailServer(): Promise<MailServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sabha-mail-'));
  await chmod(folder, 0o711);
  const box = join(folder, 'box');
  const [port = 0] = await freePorts(1);
  await writeFile(join(folder, 'smtpd.conf'), config(port, box));
  await writeFile(join(folder, 'spool.sh'), script(folder, box));
  let child: ChildProcess | undefined;
  const stop = async () => {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    await ended;
  };
  return {
    port,
    async start() {
      child = spawn('unshare', ['--mount', 'sh', join(folder, 'spool.sh')], { stdio: ['ignore', 'pipe', 'pipe'] });
      await answering(child, port);
    },
    mails: (count) => mailsIn(join(box, 'new'), count),
    stop,
    async remove() {
      await stop();
      // A delivery in progress ends shortly after its server.
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

function config(port: number, box: string): string {
  return [
    'table everybody { "@" = "nobody" }',
    'filter never phase rcpt-to match rcpt-to { "never@office.test" } reject "550 no such person"',
    'filter later phase rcpt-to match rcpt-to { "later@office.test" } reject "451 come again later"',
    'filter both chain { never, later }',
    `listen on 127.0.0.1 port ${port} hostname mail.test filter both`,
    `action box maildir "${box}" virtual <everybody> user nobody`,
    'match from any for any action box',
    '',
  ].join('\n');
}

/** smtpd has fixed paths for queue and control socket. It therefore gets private mounts of both folders. */
function script(folder: string, box: string): string {
  return [
    'set -e',
    'mount -t tmpfs tmpfs /var/spool',
    'mount -t tmpfs tmpfs /run',
    'mkdir -m 711 /var/spool/smtpd',
    `mkdir -p ${box}`,
    `chown nobody ${box}`,
    `exec smtpd -d -f ${join(folder, 'smtpd.conf')}`,
    '',
  ].join('\n');
}

/** Resolves when the server greets. Throws with its output when it ends first, or after 20 s. */
async function answering(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (said += data));
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 50) {
    if (child.exitCode !== null) throw new Error(`smtpd ended with ${child.exitCode}: ${said}`);
    if (await greets(port)) return;
    await delay(50);
  }
  throw new Error(`smtpd does not answer: ${said}`);
}

async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [data] = await once(socket, 'data', { signal: AbortSignal.timeout(1_000) });
    return String(data).startsWith('220');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function mailsIn(folder: string, count: number): Promise<ReadMail[]> {
  let names: string[] = [];
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 50) {
    names = await readdir(folder).catch(() => []);
    if (names.length >= count)
      return Promise.all((await inOrder(folder, names)).map(async (path) => readMail(await readFile(path, 'utf8'))));
    await delay(50);
  }
  throw new Error(`${names.length} mails came, not ${count}`);
}

/** Sorts by modification time in nanoseconds. The names in a maildir only have seconds. */
async function inOrder(folder: string, names: readonly string[]): Promise<string[]> {
  const all = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), at: (await stat(join(folder, name), { bigint: true })).mtimeNs })),
  );
  return all.toSorted((a, b) => (a.at < b.at ? -1 : 1)).map(({ path }) => path);
}
