/** A person at a real terminal: what stands on it, and what is typed there. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished } from 'vitest';

/** Gives a program a terminal; its input is what a person types. */
const pseudoTerminal = '/usr/bin/script';
/** Whether this machine has one. */
export const hasTerminal = existsSync(pseudoTerminal);
const limitMs = 20_000;

/** Starts one of our command lines at a terminal, and somebody who reads there before each line that is typed. */
export function sit(words: readonly string[], env: Record<string, string>) {
  const call = [process.execPath, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn(pseudoTerminal, ['-qec', call, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  child.once('exit', resolve);
  let [shown, read, typed] = ['', 0, 0];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  onTestFinished(async () => {
    child.kill();
    await ended;
  });
  const sees = async (text: string) => {
    const found = () => stripVTControlCharacters(shown).indexOf(text, read);
    await expect.poll(found, { interval: 20, timeout: limitMs }).toBeGreaterThan(-1);
    read = found() + text.length;
  };
  return {
    sees,
    /** With the exit code of the program. */
    ended,
    /** How many characters, without the Enter of each line. */
    typed: () => typed,
    async types(question: string, text: string) {
      await sees(question);
      typed += text.length;
      child.stdin.write(`${text}\r`);
    },
    press: (keys: string) => child.stdin.write(keys),
  };
}
