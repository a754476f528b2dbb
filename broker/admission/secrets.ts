/** What the broker knows of others before it starts: hashes of tokens and the key of the registry. What cannot be used ends in one line. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { loadPem, loadText, StartError } from '#contracts';
import { readSecrets, type Secrets } from './admission.ts';

/** The secrets of `flows` and exporter; throws where there are none that can be used. */
export function loadSecrets(file: string): Secrets {
  const read = readSecrets(loadText(file), file);
  if (!read.ok) throw new StartError(read.line);
  return read.value;
}

/** The public key in a PEM file; throws where there is none. */
export function loadKey(file: string): KeyObject {
  return loadPem(file, createPublicKey, 'not a public key');
}
