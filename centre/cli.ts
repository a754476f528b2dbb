/** The centre as services of this machine: installed, upgraded, taken back, removed. Exit code: 0 done, 1 not done, 2 a wrong call. */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { languageFor, lineIn, StartError } from '#contracts';
import { CentreError } from './machine/centre-error.ts';
import { lines } from './machine/lines.ts';
import { thisMachine } from './machine/machine.ts';
import { idsIn } from './machine/owners.ts';
import { placesOf } from './machine/places.ts';
import { helpOf } from './verbs/help.ts';
import { verbOf } from './verbs/verbs.ts';

/** Exit codes. */
const codes = { notDone: 1, wrongCall: 2 };

const language = languageFor(process.argv.slice(2), process.env);
const asksForHelp: ReadonlySet<string> = new Set(['help', '--help', '-h']);

async function main(args: string[]): Promise<void> {
  if (asksForHelp.has(args[0] ?? '') || args.includes('--help') || args.includes('-h')) return console.log(helpOf(language));
  const run = called(args);
  if (process.getuid?.() !== 0) return end(codes.wrongCall, 'this needs root: put sudo before it');
  const held = await alone();
  if (held === undefined) return end(codes.notDone, 'another call of this is at work: wait for its end');
  run?.({
    places: placesOf(),
    machine: thisMachine(),
    from: fileURLToPath(new URL('..', import.meta.url)),
    calledIn: process.env['INIT_CWD'] ?? process.cwd(),
    idOf: idsIn(),
    isBooted: existsSync('/run/systemd/system'),
    say: (line) => process.stdout.write(`${line}\n`),
  });
  held.close();
}

function called(args: string[]) {
  try {
    return verbOf(args);
  } catch (error) {
    return failed(error, codes.wrongCall);
  }
}

/** Held as long as this process lives, however it ends; undefined where somebody else holds it. */
function alone(): Promise<Server | undefined> {
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  const server = createServer();
  server.once('error', () => resolve(undefined));
  server.listen('\0sabha-centre', () => resolve(server));
  return promise;
}

function failed(error: unknown, code: number): never {
  // What the system refuses, such as a full disk, says itself what and where.
  const isExpected = error instanceof CentreError || error instanceof StartError || (error instanceof Error && 'syscall' in error);
  if (!isExpected) throw error;
  return end(code, error.message);
}

function end(code: number, line: string): never {
  process.stderr.write(`${lineIn(line, language, lines)}\n`);
  process.exit(code);
}

await main(process.argv.slice(2)).catch((error) => failed(error, codes.notDone));
