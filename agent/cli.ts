/**
 * Command line of the agent. Exit code: 0 no fault, 1 a fault or no enrolment, 2 a wrong call or setting, 3 no fault but something unknown.
 * Each command imports only what it needs: the session helper keeps all imports in memory for months.
 */
import { fillIn, languageFor, onNpmExit, realClock, showWait } from '@sabha/contracts';
import { type CliVerb, calls, enrolledUntil, folder, nextSteps, parseCall, UsageError, usage, waitingForServer } from './identity/call.ts';
import type { Result } from './identity/identity.ts';
import type { EnrolInput, PartialInput } from './identity/prompt.ts';
import { dataFolder, withSeparateRoom } from './uplink/store/data-folder.ts';

const helpFlags: ReadonlySet<string> = new Set(['help', '--help', '-h']);

/** All commands. Only the agent itself calls `machine`. */
const verbs: Record<string, (args: string[]) => Promise<number>> = {
  check: async (args) => (await import('./check.ts')).check(args, process.env),
  enrol,
  run,
  room,
  install: () => refusePackageVerb('install'),
  uninstall: () => refusePackageVerb('uninstall'),
  machine: printMachine,
  // Only the MSI package calls `msi`: packaging/sabha-agent.wxs.
  msi: async (args) => (await import('./maintain/install/install.ts')).runStep({ args, env: process.env, execPath: process.execPath }),
};

async function printMachine(): Promise<number> {
  const { machine } = await import('./platform/linux/machine.ts');
  console.log(JSON.stringify(await machine()));
  return 0;
}

async function enrol(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { centre: text, pc: text, lang: text, ...folder, again: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseCall({ args, options, allowPositionals: true });
  const { pc, centre, data, again } = values;
  const [{ enrolWithRetries, runDialogue, readInput, addPcOfCode }, { enrol: enrolPc, problemOfPc }, { identityFolder }, { knownCentre }] =
    await Promise.all([
      import('./identity/prompt.ts'),
      import('./identity/enrol.ts'),
      import('./identity/identity.ts'),
      import('./identity/known-server.ts'),
    ]);
  const known = knownCentre(process.execPath);
  const [language, own] = [languageFor(args, process.env), { folder: identityFolder(dataFolder(process.env, args)), again }];
  // A person who copies a code may type spaces instead of dashes.
  const typed = { code: positionals.join(' '), centre, pc };
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY;
  const completed: Result<PartialInput> = isTerminal ? { ok: true, value: typed } : await addPcOfCode(typed, known);
  if (!completed.ok) return printFailure(completed.line, args);
  const given = completed.value;
  const read = readInput(given, known);
  const isAsked = !read.ok && isTerminal;
  if (!read.ok && !isAsked) throw new UsageError(read.line);
  const problem = isAsked ? problemOfPc(own) : null;
  if (problem !== null) return printFailure(problem, args);
  const { stdin: input, stderr: output } = process;
  const say = (seconds: number) => fillIn(waitingForServer[language], { seconds });
  const act = (whole: EnrolInput) => showWait(enrolPc({ ...whole, ...own }), { clock: realClock(), screen: output, say });
  const done = read.ok
    ? await act(read.value)
    : await runDialogue({ input, output, language, known }, (desk) => enrolWithRetries(given, desk, act));
  const { lineOfFailure } = await import('./identity/prompt.ts');
  if (!done.ok) return printFailure(read.ok ? lineOfFailure(done, { ...read.value, known, language, now: Date.now() }) : done.line, args);
  console.log(fillIn(enrolledUntil[language], { pc: done.value.pc, day: done.value.certificate.validToDate.toISOString().slice(0, 10) }));
  // Printed only for a person, because an installer treats output on stderr as an error.
  if (process.stderr.isTTY) console.error(nextSteps(language, data));
  return 0;
}

async function run(args: string[]): Promise<number> {
  const options = { apart: { type: 'boolean', default: false }, lang: { type: 'string' }, ...folder } as const;
  const { apart } = parseCall({ args, options }).values;
  const data = dataFolder(process.env, args);
  const own = { ...process.env, SABHA_DATA: data };
  const env = apart ? withSeparateRoom(own, data) : own;
  const { readIdentityAndSettings } = await import('./identity/settings.ts');
  const who = readIdentityAndSettings(env);
  if (!who.ok) return printFailure(who.line, args);
  const { main } = await import('./main.ts');
  await main(env);
  return 0;
}

/**
 * Runs the session helper in this session. `--card` prints the path of the room card instead; `--fix` and `--undo` call the running helper.
 */
async function room(args: string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const { card, fix, undo } = parseCall({ args, options: { card: flag, fix: flag, undo: flag, ...folder } }).values;
  if ([card, fix, undo].filter(Boolean).length > 1) throw new UsageError('only one of --card, --fix, --undo');
  const data = dataFolder(process.env, args);
  const { main, requestHelper: press, findCard: writtenCard } = await import('./room.ts');
  if (card) {
    const file = writtenCard(process.env, data);
    if (file === undefined) return printFailure('no room card is here yet', args);
    console.log(file);
    return 0;
  }
  if (fix || undo) {
    const { done, text } = await press(process.env, data, fix ? 'fix' : 'undo');
    console.log(text);
    return done ? 0 : 1;
  }
  await main(process.env, data);
  return 0;
}

async function refusePackageVerb(verb: 'install' | 'uninstall'): Promise<never> {
  const { packageCommands } = await import('./identity/help.ts');
  throw new UsageError(`the package does this: ${packageCommands[verb][process.platform === 'win32' ? 'win32' : 'linux']}`);
}

async function printFailure(line: string, args: readonly string[]): Promise<1> {
  const { lineFor } = await import('./identity/lines.ts');
  console.error(lineFor(line, args, process.env));
  return 1;
}

async function printHelp(verb: string, args: string[]): Promise<number> {
  const { helpText } = await import('./identity/help.ts');
  const about = [verb, ...args].find((word): word is CliVerb => Object.hasOwn(calls, word));
  console.log(helpText(about, languageFor(args, process.env)));
  return 0;
}

async function dispatch([verb = '', ...args]: string[]): Promise<number> {
  if (helpFlags.has(verb) || args.some((word) => word === '--help' || word === '-h')) return printHelp(verb, args);
  const act = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!act) throw new UsageError(`${verb === '' ? 'no verb' : `unknown verb "${verb}"`}; ${usage}`);
  // When npm ends, the other commands exit at once; `run` and `room` end in order themselves.
  if (act !== run && act !== room) onNpmExit({ env: process.env, script: process.argv[1] }, () => process.exit(1));
  return act(args);
}

try {
  const code = await dispatch(process.argv.slice(2));
  // Exits after all output is written. A pending DNS lookup cannot be cancelled and would delay the exit by up to half a minute.
  process.stdout.write('', () => process.exit(code));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  await printFailure(error.message, process.argv);
  // Exits explicitly, because a request to the server may still be pending.
  process.stdout.write('', () => process.exit(2));
}
