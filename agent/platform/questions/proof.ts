/**
 * Proves which user is the peer of a local socket, because Node does not report it. On Linux the peer creates a file with a given name
 * and content, and the owner of the file is checked. On Windows the creator of the pipe is checked.
 */
import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipeEnd } from '../native.ts';
import type { Query } from '../platform.ts';
import { attempt } from '../windows/attempt.ts';

/** Folder of proof files. Every user may create a file in it, only its owner may remove or rename it, and a restart empties it. */
const shared = 'dev/shm';
/** Maximum size of a proof file in bytes. */
const lengthBytes = 64;

const none = { known: false, reason: 'there is no proof' } as const;

/**
 * Returns the uid of the proof file's owner. It follows no link, accepts no file with a second hard link, and does not wait for a pipe.
 * The content must match `words`, so that only a file written as this proof counts.
 */
export const ownerOfProof = (words: string): Query<number> => ({
  async linux({ root }) {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = await open(fileOf(root, words), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
    if (file === undefined) return none;
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.nlink !== 1) return none;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(lengthBytes), 0, lengthBytes, 0);
      return buffer.toString('latin1', 0, bytesRead) === words ? { known: true, value: stat.uid } : none;
    } finally {
      await file.close();
    }
  },
});

/** Creates the proof file for these words. The returned function removes it. On Windows the pipe itself is the proof. */
export const leaveProof = (words: string): Query<() => Promise<void>> => ({
  async linux({ root }) {
    const path = fileOf(root, words);
    const file = await open(path, 'wx', 0o644);
    try {
      await file.chmod(0o644);
      await file.writeFile(words);
    } finally {
      await file.close();
    }
    return { known: true, value: () => unlink(path).catch(() => undefined) };
  },
  windows: async () => ({ known: true, value: async () => undefined }),
});

/** Returns the path of the proof file. `words` must be 32 hex digits, so that no other text becomes part of the path. */
function fileOf(root: string, words: string): string {
  if (!/^[0-9a-f]{32}$/.test(words)) throw new Error('not the text of a proof');
  return join(root, shared, `sabha-room-${words}`);
}

const nobodyWaits = { known: false, reason: 'no program listens at this pipe' } as const;

/** Returns the Windows session number of this process, which is part of the pipe name of the session helper. */
export const ownSession: Query<number> = { windows: async ({ native }) => attempt(native().calls, (calls) => calls.ownSession()) };

/**
 * Windows: opens an existing pipe as a client and returns the session of its creator. Until `close` is called, nobody else can create a
 * pipe of this name.
 */
export const pipeAt = (address: string): Query<PipeEnd> => ({
  async windows({ native }) {
    const seen = attempt(native().calls, (calls) => calls.pipe(address));
    if (!seen.known) return seen;
    return seen.value === null ? nobodyWaits : { known: true, value: seen.value };
  },
});
