/** What must be right before the broker starts; each thing that is not ends in one line. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isLoopback, loadText, StartError } from '#contracts';
import { readSecrets, type Secrets } from './admission.ts';

/** Throws for a host that others can reach. */
export function refuseOpenHost(host: string): void {
  if (!isLoopback(host)) throw new StartError(`host ${host} is not loopback: plain MQTT never leaves this machine`);
}

/** How many connections and files the system lets this process have open. */
export function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files: { soft: number | 'unlimited' } } };
  const soft = userLimits?.open_files.soft ?? 'unlimited';
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : soft;
}

/** The secrets of `flows` and exporter; throws where there are none that can be used. */
export function loadSecrets(file: string): Secrets {
  const read = readSecrets(loadText(file), file);
  if (!read.ok) throw new StartError(read.line);
  return read.value;
}

/** The public key in a PEM file; throws where there is none. */
export function loadKey(file: string): KeyObject {
  const text = loadText(file);
  try {
    return createPublicKey(text);
  } catch {
    throw new StartError(`${file}: not a public key`);
  }
}
