/** What must be right before the broker starts; each thing that is not ends in one line. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { readSecrets, type Secrets } from './admission.ts';

/** Why the broker did not start, in one line. */
export class StartError extends Error {
  override name = 'StartError';
}

/** Throws for a host that others can reach. */
export function refuseOpenHost(host: string): void {
  if (host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)) return;
  throw new StartError(`host ${host} is not loopback: plain MQTT never leaves this machine`);
}

/** The secrets of `flows` and exporter; throws where there are none that can be used. */
export function loadSecrets(file: string): Secrets {
  const read = readSecrets(load(file), file);
  if (!read.ok) throw new StartError(read.line);
  return read.value;
}

/** The public key in a PEM file; throws where there is none. */
export function loadKey(file: string): KeyObject {
  const text = load(file);
  try {
    return createPublicKey(text);
  } catch {
    throw new StartError(`${file}: not a public key`);
  }
}

/** Makes the folder if need be; throws where that is not permitted. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartError(`${path}: cannot be used as a folder: ${codeOf(error)}`);
  }
}

/** Resolves when the server listens; throws where the port cannot be had. */
export function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((done, failed) => {
    const refused = (error: Error) => {
      const inUse = codeOf(error) === 'EADDRINUSE';
      const line = inUse ? `port ${port} is in use by another program` : `cannot listen on port ${port}: ${codeOf(error)}`;
      failed(new StartError(`${line} (${host}:${port})`));
    };
    server.once('error', refused);
    server.listen({ host, port, backlog: 4_096 }, () => {
      server.off('error', refused);
      done();
    });
  });
}

/** The code of a system error, such as ENOENT. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

function load(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${file}: cannot be read: ${codeOf(error)}`);
  }
}
