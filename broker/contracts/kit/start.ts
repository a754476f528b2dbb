/** Helpers for the start of a part, each with an error text of one line, and the atomic replacement of files. */
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
import { handleHealthRequest, type ReadinessCheck } from './health.ts';
import { oneLine } from './one-line.ts';

/** Reason of a failed start, in one line. */
export class StartError extends Error {
  override name = 'StartError';
}

/** Reads typed environment variables. Throws a `StartError` for an invalid value. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>) {
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
    number(name: string, fallback: number): number {
      const value = Number(env[name] ?? fallback);
      if (!(value > 0)) throw wrong(name, 'not a number above 0');
      return value;
    },
  };
}

/** Returns true for a host name or address of this machine only. */
export function isLoopback(host: string): boolean {
  return ['localhost', '::1', '[::1]'].includes(host) || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Reads a text file. Throws a `StartError`. */
export function loadText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${file}: cannot be read: ${codeOf(error)}`);
  }
}

/** Returns true if every user of this machine may read the file. Windows has no such mode. */
export function isWorldReadable(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & 0o004) !== 0;
}

/**
 * Makes a SQLite file readable by its owner only, and so its log, which inherits the mode. Creates a missing file. Throws system errors.
 */
export function makeFilePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  for (const one of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(one)) chmodSync(one, 0o600);
}

/** Reads a PEM file. Throws a `StartError`; `otherwise` is the text of the error for invalid content. */
export function loadPem<T>(file: string, read: (pem: string) => T, otherwise: string): T {
  const pem = loadText(file);
  try {
    return read(pem);
  } catch {
    throw new StartError(`${file}: ${otherwise}`);
  }
}

/** Creates a missing folder for this user only. Throws a `StartError`. */
export function makeFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  } catch (error) {
    throw new StartError(`${path}: cannot be used as a folder: ${codeOf(error)}`);
  }
}

/** Listens and resolves with the port. Rejects with a `StartError` if the port is not available. */
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

export async function addProcessMetrics(register: Registry): Promise<void> {
  // A dynamic import, because the agent serves no metrics.
  const { collectDefaultMetrics } = await import('prom-client');
  collectDefaultMetrics({ register });
  // Removes gauges with the name of a counter, which promtool rejects.
  for (const name of ['active_handles', 'active_resources', 'active_requests']) register.removeSingleMetric(`nodejs_${name}_total`);
}

/** Serves a registry with process metrics, liveness and readiness on loopback, and nothing else. */
export async function serveMetrics(registry: Registry, port: number, unready: ReadinessCheck = () => undefined) {
  await addProcessMetrics(registry);
  const server = createServer(async (request, response) => {
    if (handleHealthRequest(request, response, unready)) return;
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

/** File modes: readable by the owner only, or also by the group of the folder, which passes data to other parts. */
export const modes = { own: 0o600, shared: 0o640 };

/**
 * Replaces a file atomically. Throws system errors.
 * Guarantee: after a kill or a power cut either the old or the new content is there, complete.
 */
export function replaceFile(file: string, content: string | Uint8Array, mode = modes.own): void {
  const fresh = `${file}.new`;
  try {
    withSyncedFile(fresh, 'w', (handle) => {
      // A process that was killed may have left the file with another mode.
      fchmodSync(handle, mode);
      writeFileSync(handle, content);
    });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  // Without the sync of the folder a power cut may undo the rename. Windows has no such call and keeps the order of writes.
  if (process.platform !== 'win32') withSyncedFile(dirname(file), 'r', () => undefined);
}

function withSyncedFile(path: string, flags: string, use: (handle: number) => unknown): void {
  const handle = openSync(path, flags, 0o600);
  try {
    use(handle);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Returns the code of a system error, such as ENOENT. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** Returns the key for limits per client: an IPv4 address, or the 64-bit IPv6 prefix of a subscriber. */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined || !address.includes(':') || isLoopback(address)) return mapped ?? address;
  const [head = [], tail = []] = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  return [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail].slice(0, 4).join(':');
}
