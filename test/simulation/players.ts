/** Plays histories in one process for each processor core. A history only computes, and a process can have only one Node-RED. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const player = fileURLToPath(new URL('./history-child.ts', import.meta.url));

/**
 * Starts at once. Returns the broken guarantees of each seed as text, empty if there are none. The child processes end with the last seed,
 * or with this process.
 */
export function startPlayers(seeds: readonly number[]): ReadonlyMap<number, Promise<string>> {
  const results = seeds.map((seed) => ({ seed, ...Promise.withResolvers<string>() }));
  const waiting = [...results];
  const playWaiting = async () => {
    let child: ChildProcess | undefined;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (child === undefined || !isRunning(child)) child = fork(player, { execArgv: [] });
      next.resolve(await playedBy(child, next.seed));
    }
    if (child?.connected) child.disconnect();
  };
  for (let left = Math.min(seeds.length, availableParallelism()); left > 0; left -= 1) void playWaiting();
  return new Map(results.map(({ seed, promise }) => [seed, promise]));
}

/** Plays a seed in a child process. A process that dies fails only this seed. */
function playedBy(child: ChildProcess, seed: number): Promise<string> {
  return new Promise((resolve) => {
    const ended = (code: number | null, signal: string | null) =>
      resolve(`the process that played seed ${seed} ended with ${code ?? signal}`);
    child.once('exit', ended);
    child.once('message', (said) => {
      child.off('exit', ended);
      resolve(String(said));
    });
    child.send(seed);
  });
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
