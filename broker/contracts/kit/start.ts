/** What a part needs in order to start: each thing that is not right ends in one line. And files that are replaced whole. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { dirname } from 'node:path';
import type { Registry } from 'prom-client';
import { answersHealth, type Unready } from './health.ts';
import { oneLine } from './one-line.ts';

/** Why a part did not start, in one line. */
export class StartError extends Error {
  override name = 'StartError';
}

/** Reads the variables of an environment; each answer is good, or a `StartError` is thrown. */
export function environment(env: Readonly<Record<string, string | undefined>>) {
  const wrong = (name: string, what: string) => new StartError(`${name}: ${what}: ${oneLine(env[name] ?? '', 40)}`);
  return {
    required(name: string): string {
      const value = env[name];
      if (!value) throw new StartError(`${name} is not set`);
      return value;
    },
    port(name: string, fallback: number): number {
      const text = env[name] ?? String(fallback);
      if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw wrong(name, 'not a port');
      return Number(text);
    },
    /** A number above 0. */
    number(name: string, fallback: number): number {
      const value = Number(env[name] ?? fallback);
      if (!(value > 0)) throw wrong(name, 'not a number above 0');
      return value;
    },
  };
}

/** True for a host that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return ['localhost', '::1', '[::1]'].includes(host) || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The text of a file. Throws `StartError`. */
export function loadText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${file}: cannot be read: ${codeOf(error)}`);
  }
}

/** True where whoever has a login on this machine may read the file. Windows has no such mark. */
export function isOpenToAll(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & 0o004) !== 0;
}

/** Keeps a file of SQLite, made or yet to be made, for its owner alone, with the log beside it, which takes its mode from it. Throws what the system says. */
export function keepPrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  for (const one of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(one)) chmodSync(one, 0o600);
}

/** What is read from a PEM file. Throws `StartError`; `otherwise` is what it says of a file that holds no such thing. */
export function loadPem<T>(file: string, read: (pem: string) => T, otherwise: string): T {
  const pem = loadText(file);
  try {
    return read(pem);
  } catch {
    throw new StartError(`${file}: ${otherwise}`);
  }
}

/** Makes a folder for this user alone where there is none. Throws `StartError`. */
export function makeFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  } catch (error) {
    throw new StartError(`${path}: cannot be used as a folder: ${codeOf(error)}`);
  }
}

/** Resolves with the port when the server listens; rejects with a `StartError` where it cannot be had. */
export async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port, backlog: 4_096 }, resolve);
  await promise.catch((error) => {
    const inUse = codeOf(error) === 'EADDRINUSE';
    const line = inUse ? `port ${port} is in use by another program` : `cannot listen on port ${port}: ${codeOf(error)}`;
    throw new StartError(`${line} (${host}:${port})`);
  });
  server.off('error', reject);
  return (server.address() as AddressInfo).port;
}

/** Adds the figures of the process, as prom-client names them, to what is served. */
export async function addProcessFigures(register: Registry): Promise<void> {
  // Here and not at the top: the agent, which serves nothing, has no use for it.
  const { collectDefaultMetrics } = await import('prom-client');
  collectDefaultMetrics({ register });
  // Gauges under a counter's name, which promtool rightly dislikes.
  for (const name of ['active_handles', 'active_resources', 'active_requests']) register.removeSingleMetric(`nodejs_${name}_total`);
}

/** Serves a registry and the figures of the process on loopback, and whether it lives and is ready; nothing else. */
export async function serveMetrics(registry: Registry, port: number, unready: Unready = () => undefined) {
  await addProcessFigures(registry);
  const server = createServer(async (request, response) => {
    if (answersHealth(request, response, unready)) return;
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  });
  return {
    port: await listen(server, { host: '127.0.0.1', port }),
    close(): void {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Who may read a file: its owner alone, or the group of its folder too, by which one part tells another. */
export const modes = { own: 0o600, shared: 0o640 };

/**
 * Replaces a file. Throws what the system says.
 * Guarantee: after a kill or a power cut the old one is there or this one, whole.
 */
export function replaceFile(file: string, content: string | Uint8Array, mode = modes.own): void {
  const fresh = `${file}.new`;
  try {
    synced(fresh, 'w', (handle) => {
      // Also where a kill left one of another mode.
      fchmodSync(handle, mode);
      writeFileSync(handle, content);
    });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  // Without it the rename itself may be lost in a power cut; Windows has no such call and keeps the order by itself.
  if (process.platform !== 'win32') synced(dirname(file), 'r', () => undefined);
}

function synced(path: string, flags: string, use: (handle: number) => unknown): void {
  const handle = openSync(path, flags, 0o600);
  try {
    use(handle);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The code of a system error, such as ENOENT. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** Who is counted as one: an IPv4 address, or the 64 bits of IPv6 that one subscriber has to himself. */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined || !address.includes(':') || isLoopback(address)) return mapped ?? address;
  const [head = [], tail = []] = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  return [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail].slice(0, 4).join(':');
}
