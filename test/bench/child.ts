/** A child process of a bench that answers requests. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export type Child = {
  /** Sends a request, or nothing, and resolves with the next response. Rejects if the process ends. */
  ask<T>(question?: object): Promise<T>;
  stop(): Promise<void>;
};

export function startChild(script: string, args: string[] = []): Child {
  const child = fork(script, args);
  return {
    ask: (question) => {
      const answered = answer(child);
      if (question !== undefined) child.send(question);
      return answered as Promise<never>;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const heard = (message: unknown) => {
      child.off('exit', ended);
      resolve(message);
    };
    const ended = (code: number | null) => {
      child.off('message', heard);
      reject(new Error(`a process of the bench ended with ${code}`));
    };
    child.once('message', heard).once('exit', ended);
  });
}
