/** A person at a real terminal: reads the output and types. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished } from 'vitest';

/** Gives a program a terminal, whose input is the typed text. */
const pseudoTerminal = '/usr/bin/script';
export const hasTerminal = existsSync(pseudoTerminal);
const limitMs = 20_000;

/** Starts a command at a terminal, with a reader who waits for each prompt before typing. */
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
    ended,
    /** Returns the number of typed characters, without Enter. */
    typed: () => typed,
    async types(question: string, text: string) {
      await sees(question);
      typed += text.length;
      child.stdin.write(`${text}\r`);
    },
    press: (keys: string) => child.stdin.write(keys),
  };
}
