/** Downloads a bundle with resume, and accepts it only with the signed size and hash. */
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Manifest } from '@sabha/contracts';
import { hasHash } from './slots.ts';

/** Requests the bundle from byte `from` on. A `from` of 0 in the response means that the server ignored the range. */
export type FetchFrom = (from: number) => Promise<{ from: number; pieces: AsyncIterable<Uint8Array> }>;

/**
 * Downloads the bundle to `file`; returns the reason on failure. A `.part` file keeps the received bytes, and the next call for the
 * same bundle resumes from it. Parts of other bundles are deleted.
 * Guarantee: `file` is replaced only by the complete signed content, and no more is written than the signed size.
 */
export async function download(file: string, { size, sha256 }: Pick<Manifest, 'size' | 'sha256'>, get: FetchFrom): Promise<string | null> {
  const part = `${file}.${sha256.slice(0, 12)}.part`;
  forgetOthers(part);
  if (sizeOf(part) > size) rmSync(part);
  const problem = sizeOf(part) < size ? await fetchRest(part, size, get) : null;
  if (problem !== null) return problem;
  if (!hasHash(part, sha256)) {
    rmSync(part);
    return 'the file does not match its signature';
  }
  renameSync(part, file);
  return null;
}

async function fetchRest(part: string, size: number, get: FetchFrom): Promise<string | null> {
  const handle = openSync(part, existsSync(part) ? 'r+' : 'w', 0o600);
  try {
    const { from, pieces } = await get(sizeOf(part));
    let at = from;
    for await (const piece of pieces) {
      if (at + piece.length > size) return 'the file is larger than its manifest says';
      writeSync(handle, piece, 0, piece.length, at);
      at += piece.length;
    }
    fsyncSync(handle);
    return at < size ? `only ${at} of ${size} bytes came` : null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    closeSync(handle);
  }
}

/** Deletes the `.part` files of other versions, whose downloads will not be resumed. */
function forgetOthers(part: string): void {
  const parts = readdirSync(dirname(part), { encoding: 'utf8' }).filter((name) => name.endsWith('.part'));
  for (const other of parts.map((name) => join(dirname(part), name))) if (other !== part) rmSync(other);
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}
