/** Who is at the other end of a socket, which Node does not tell by itself: whoever can leave a file of his with these words; on Windows whoever made a pipe. */
import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipeEnd } from '../native.ts';
import type { Question } from '../platform.ts';
import { attempt } from '../windows/attempt.ts';

/** Everybody may write there, nobody may remove or rename what is another's, and it holds nothing over a restart. */
const shared = 'dev/shm';
/** The proof is a few words; what is longer is none. */
const lengthBytes = 64;

const none = { known: false, reason: 'no proof is there' } as const;

/**
 * To whom the file with these words belongs, as a number. A link is not followed and a file with a second name not taken, a pipe is not waited
 * for; the words are in it, so that no file is taken which its owner did not write for this very purpose.
 */
export const ownerOfProof = (words: string): Question<number> => ({
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

/** Leaves the proof, for whoever gave us these words, to be read. The answer takes it away. On Windows the pipe is the proof. */
export const leaveProof = (words: string): Question<() => Promise<void>> => ({
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

/** The words are letters and digits of ours, and nothing else becomes a part of a path. */
function fileOf(root: string, words: string): string {
  if (!/^[0-9a-f]{32}$/.test(words)) throw new Error('no words of a proof');
  return join(root, shared, `sabha-room-${words}`);
}

const nobodyWaits = { known: false, reason: 'nobody waits at this pipe' } as const;

/** Windows: the session of this process. Its number is part of the name of the pipe of its room seat. */
export const ownSession: Question<number> = {
  windows: async ({ native }) => attempt(native().calls, (calls) => calls.ownSession()),
};

/** The pipe at this address, held until it is closed. */
export const pipeAt = (address: string): Question<PipeEnd> => ({
  async windows({ native }) {
    const seen = attempt(native().calls, (calls) => calls.pipe(address));
    if (!seen.known) return seen;
    return seen.value === null ? nobodyWaits : { known: true, value: seen.value };
  },
});
