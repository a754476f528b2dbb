/** THE steps by which Windows gets the agent. Each may be done again: what is there already stays as it is. */
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityFolder, openIdentity } from '../identity/identity.ts';
import { call, isEnrolled, isRefused, lineOf, type Machine, mark, remove, renameOnceFree, tasksOf } from './machine.ts';
import { extras, payload, updateKey } from './places.ts';
import type { Outcome, Step } from './steps.ts';
import { agentArguments } from './task.ts';
import { addToMenu, makeTasks, start, stop } from './tasks.ts';

/** By number: their names are in the language of the system. */
const [system, administrators, users] = ['*S-1-5-18', '*S-1-5-32-544', '*S-1-5-32-545'];
/** All that the seat of the room, which runs as the signed-in person, may read: the versions of the agent. */
const forSeats = 'update';

/** In this order. */
export function installation(machine: Machine): Step[] {
  const known = [data(machine, isClosed(machine)), enrolment(machine)];
  return [stop(machine), program(machine), ...known, makeTasks(machine), addToMenu(machine), start(machine)];
}

function program(machine: Machine): Step {
  const { source, program: home } = machine.places;
  const [fresh, old] = [`${home}.new`, `${home}.old`];
  let [isMoved, isPlaced] = [false, false];
  return {
    name: 'program',
    do: async () => {
      // What a power cut left.
      if (!existsSync(home) && existsSync(old)) renameSync(old, home);
      for (const rest of [fresh, old]) remove(rest);
      if (source === home) return { ok: true, note: machine.say('already') };
      const problem = gather(machine, fresh);
      if (problem !== null) return { ok: false, line: problem };
      if (existsSync(home)) {
        await renameOnceFree(home, old, machine);
        isMoved = true;
      }
      renameSync(fresh, home);
      isPlaced = true;
      return { ok: true, note: home };
    },
    undo: async () => {
      remove(fresh);
      if (isPlaced) remove(home);
      if (isMoved) renameSync(old, home);
    },
    tidy: () => remove(old),
  };
}

/** All of the program in one new folder beside it; why that cannot be. */
function gather({ places }: Machine, fresh: string): string | null {
  const { source, program: home, data: kept } = places;
  const missing = payload.find((name) => !existsSync(join(source, name)));
  if (missing !== undefined) return `${missing} is not in ${source}; unpack the whole zip`;
  try {
    mkdirSync(fresh);
  } catch (error) {
    if (isRefused(error)) return 'this needs an administrator: right-click install.cmd, "Run as administrator"';
    throw error;
  }
  const there = [...payload, ...extras].filter((name) => existsSync(join(source, name)));
  for (const name of there) cpSync(join(source, name), join(fresh, name), { recursive: true });
  const key = there.includes(updateKey) ? `SABHA_UPDATE_KEY='${join(home, updateKey)}'\n` : '';
  writeFileSync(join(fresh, 'agent.env'), `SABHA_DATA='${kept}'\n${key}`);
  return null;
}

/** Tasks are made after the data were closed, and both by administrators alone; a mark in the folder anybody can make. */
function isClosed({ places }: Machine): boolean {
  return tasksOf(places).length > 0 && existsSync(join(places.program, 'agent.env'));
}

/** `isOurs`: an installation has closed them, and they have not been open since. */
function data(machine: Machine, isOurs: boolean): Step {
  const { data: folder } = machine.places;
  let isMade = false;
  return {
    name: 'data',
    do: async () => {
      const problem = problemOf(folder);
      if (problem !== null) return { ok: false, line: `${folder}: ${problem}` };
      isMade = !existsSync(folder);
      mkdirSync(folder, { recursive: true });
      const closed = await call(machine, 'icacls', closing(folder, isOurs));
      if (!closed.ok) return closed;
      // From here on nobody else can put one there.
      const link = linkIn(folder);
      if (link !== undefined) return { ok: false, line: `${link}: a link leads out of the folder` };
      writeFileSync(join(folder, mark), 'The data of the agent of Sabha. Made by its installation, and removed by uninstall --purge.\r\n');
      // Versions lie there, which run as the system: one that is missing comes again.
      if (!isOurs) remove(join(folder, forSeats));
      mkdirSync(join(folder, forSeats), { recursive: true });
      const opened = await call(machine, 'icacls', opening(folder));
      return opened.ok ? { ok: true, note: `${folder} (${machine.say('closedToOthers')})` } : opened;
    },
    // A key that the centre knows is worth a use of the code: the next try goes on with it.
    undo: async () => {
      const hasKey = isEnrolled(machine.places) || existsSync(`${identityFolder(folder)}.key`);
      if (isMade && !hasKey) remove(folder);
    },
  };
}

/** Anybody can make a folder beside the data of programs before we do. */
function problemOf(folder: string): string | null {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isDirectory()) return 'this is no folder';
  const isOurs = existsSync(join(folder, mark)) || readdirSync(folder).length === 0;
  return isOurs ? null : "files that are not the agent's are in it; empty it, or name another folder by --data";
}

/** The first link in a folder; none is followed. */
function linkIn(folder: string): string | undefined {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const found = entry.isDirectory() ? linkIn(path) : entry.isSymbolicLink() ? path : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The owner first: whoever owns a folder can open it again. What others may do with it is taken away by what opens it to all for a moment. */
function closing(folder: string, isOurs: boolean): string[][] {
  return [
    [folder, '/setowner', administrators],
    ...(isOurs ? [] : [[folder, '/reset']]),
    [folder, '/inheritance:r', '/grant:r', `${system}:(OI)(CI)F`, `${administrators}:(OI)(CI)F`],
  ];
}

/** What lies in it inherits from it, whatever it had before. */
function opening(folder: string): string[][] {
  const inside = join(folder, '*');
  return [
    [inside, '/setowner', administrators, '/t'],
    [inside, '/reset', '/t'],
    [join(folder, forSeats), '/grant:r', `${users}:(OI)(CI)RX`],
  ];
}

function enrolment(machine: Machine): Step {
  const { places, answers, language, say } = machine;
  const enrol = async (failed: string | null): Promise<Outcome> => {
    const given = await answers(failed);
    if (given === 'nobody') return { ok: false, line: failed ?? 'nothing was done' };
    if (given === 'without') return { ok: true, note: say('notEnrolled') };
    const words = [given.code, '--centre', given.centre, '--pc', given.pc, '--lang', language];
    const ran = await machine.run(join(places.program, 'node.exe'), agentArguments(places, 'enrol', words));
    return ran.code === 0 ? { ok: true, note: lineOf(ran) } : enrol(lineOf(ran));
  };
  return {
    name: 'enrolment',
    do: async () => {
      const held = openIdentity(identityFolder(places.data));
      if (!held.ok) return held;
      return held.value === undefined ? enrol(null) : { ok: true, note: `${held.value.pc}, ${say('already')}` };
    },
  };
}
