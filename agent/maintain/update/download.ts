/** Fetches a bundle in as many pieces as the link needs, and takes it only where size and hash are the signed ones. */
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Manifest } from '@sabha/contracts';
import { isWhole } from './slots.ts';

/** The rest of the bundle from a byte on; throws where there is no answer. An answer from the beginning says so by `from` 0. */
export type FetchFrom = (from: number) => Promise<{ from: number; pieces: AsyncIterable<Uint8Array> }>;

/**
 * Brings the bundle to `file`; the reason where it could not be had now. What has come stays in a `.part` file beside it, where the
 * next call for the same bundle goes on; what came of another one goes.
 * Guarantee: `file` is replaced only by the whole of what was signed, and never more is written than was signed.
 */
export async function download(
  file: string,
  { size, sha256 }: Pick<Manifest, 'size' | 'sha256'>,
  fetchFrom: FetchFrom,
): Promise<string | null> {
  const part = `${file}.${sha256.slice(0, 12)}.part`;
  forgetOthers(part);
  if (sizeOf(part) > size) rmSync(part);
  const problem = sizeOf(part) < size ? await fetchRest(part, size, fetchFrom) : null;
  if (problem !== null) return problem;
  if (!isWhole(part, sha256)) {
    rmSync(part);
    return 'what came is not what was signed';
  }
  renameSync(part, file);
  return null;
}

async function fetchRest(part: string, size: number, fetchFrom: FetchFrom): Promise<string | null> {
  const handle = openSync(part, existsSync(part) ? 'r+' : 'w', 0o600);
  try {
    const { from, pieces } = await fetchFrom(sizeOf(part));
    let at = from;
    for await (const piece of pieces) {
      if (at + piece.length > size) return 'more came than was signed';
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

/** Of a version that was replaced before it had come whole, nobody will ask for the rest. */
function forgetOthers(part: string): void {
  const parts = readdirSync(dirname(part), { encoding: 'utf8' }).filter((name) => name.endsWith('.part'));
  for (const other of parts.map((name) => join(dirname(part), name))) if (other !== part) rmSync(other);
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}
