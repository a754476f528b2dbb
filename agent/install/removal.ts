/** THE steps by which Windows gets rid of the agent. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { goneProgram, type Machine, mark, remove, renameOnceFree, setAside } from './machine.ts';
import type { Step } from './steps.ts';
import { deleteTasks, stop, takeFromMenu } from './tasks.ts';

/** In this order; the data only where they are to go too. */
export function removal(machine: Machine, purge: boolean): Step[] {
  const { program, data } = machine.places;
  const all = [['program', program] as const, ...(purge ? [['data', data] as const] : [])];
  const there = all.filter(([name, folder]) => existsSync(folder) || existsSync(setAside(folder, name)));
  return [stop(machine), deleteTasks(machine), takeFromMenu(machine), ...there.map(([name, folder]) => away(name, folder, machine))];
}

/** Set aside at first, so that it can be put back; what a power cut left there goes too. */
function away(name: 'program' | 'data', folder: string, machine: Machine): Step {
  const old = setAside(folder, name);
  const aside = goneProgram(machine.places);
  const running = join(folder, 'node.exe');
  const isRunning = machine.places.source === folder;
  let isMoved = false;
  return {
    name,
    do: async () => {
      const isThere = existsSync(folder);
      if (name === 'data' && isThere && !existsSync(join(folder, mark)))
        return { ok: false, line: `${folder}: this is no folder of the agent` };
      remove(old);
      if (!isThere) return { ok: true, note: machine.say('gone') };
      // A program that runs can be renamed, and neither deleted nor its folder renamed.
      if (isRunning) renameSync(running, aside);
      await renameOnceFree(folder, old, machine);
      isMoved = true;
      const note = `${folder}, ${machine.say('gone')}`;
      return { ok: true, note: isRunning ? `${note} (${aside} ${machine.say('stays')})` : note };
    },
    undo: async () => {
      if (isMoved) renameSync(old, folder);
      if (isRunning && existsSync(aside)) renameSync(aside, running);
    },
    tidy: () => remove(old),
  };
}
