/** The centre as services of this machine: installed, upgraded, taken back, removed. Exit code: 0 done, 1 not done, 2 a wrong call. */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { languageFor, lineIn, realClock, StartError } from '#contracts';
import { CentreError } from './machine/centre-error.ts';
import { lines } from './machine/lines.ts';
import { thisMachine } from './machine/machine.ts';
import { idsIn } from './machine/owners.ts';
import { placesOf } from './machine/places.ts';
import { helpOf } from './verbs/help.ts';
import { verbOf } from './verbs/verbs.ts';
import { type Told, worked } from './verbs/working.ts';

/** Exit codes. */
const codes = { notDone: 1, wrongCall: 2 };

const language = languageFor(process.argv.slice(2), process.env);
const asksForHelp: ReadonlySet<string> = new Set(['help', '--help', '-h']);

async function main(args: string[]): Promise<void> {
  if (asksForHelp.has(args[0] ?? '') || args.includes('--help') || args.includes('-h')) return console.log(helpOf(language));
  try {
    verbOf(args);
  } catch (error) {
    return end(codes.wrongCall, lineOf(error));
  }
  if (process.getuid?.() !== 0) return end(codes.wrongCall, 'this needs root: put sudo before it');
  const held = await alone();
  if (held === undefined) return end(codes.notDone, 'another call of this is at work: wait for its end');
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const line = await worked(new Worker(new URL(import.meta.url), { argv: args }), {
    clock: realClock(),
    screen: process.stderr,
    language,
    say,
  });
  if (line !== undefined) return end(codes.notDone, line);
  held.close();
}

/** What the thread of a verb does. */
function work(args: string[]): void {
  const tell = (told: Told) => parentPort?.postMessage(told);
  try {
    verbOf(args)({
      places: placesOf(),
      machine: thisMachine(),
      from: fileURLToPath(new URL('..', import.meta.url)),
      calledIn: process.env['INIT_CWD'] ?? process.cwd(),
      idOf: idsIn(),
      isBooted: existsSync('/run/systemd/system'),
      say: (said) => tell({ said }),
      begin: (step) => tell({ step }),
    });
  } catch (error) {
    tell({ failed: lineOf(error) });
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

/** What a person is told of an error; one that nobody expects goes on. */
function lineOf(error: unknown): string {
  // What the system refuses, such as a full disk, says itself what and where.
  if (error instanceof CentreError || error instanceof StartError || (error instanceof Error && 'syscall' in error)) return error.message;
  throw error;
}

function end(code: number, line: string): never {
  process.stderr.write(`${lineIn(line, language, lines)}\n`);
  process.exit(code);
}

if (isMainThread) await main(process.argv.slice(2));
else work(process.argv.slice(2));
