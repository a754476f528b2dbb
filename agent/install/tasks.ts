/** The steps about what Windows itself keeps of the agent, the scheduled tasks and the entry in the Start menu, and how it is put back. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { call, endTasks, goneProgram, isEnrolled, keptTask, type Machine, pathOf, remove, tasksOf } from './machine.ts';
import type { Outcome, Step } from './steps.ts';
import { type TaskName, taskFile, taskNames } from './task.ts';
import { phrases } from './words.ts';

/** Ends what runs, since it holds files of the program; a program that was left by its own removal runs no more. */
export function stop(machine: Machine): Step {
  const there = tasksOf(machine.places);
  return {
    name: 'stop',
    do: async () => {
      remove(goneProgram(machine.places));
      await endTasks(machine);
      return { ok: true };
    },
    undo: async () => {
      for (const name of there) await call(machine, 'schtasks', [['/run', '/tn', pathOf(name)]]);
    },
  };
}

/** Makes both tasks, or makes them anew. */
export function makeTasks(machine: Machine): Step {
  const { places } = machine;
  const task = () => ({ ...places, enabled: isEnrolled(places) });
  return changing(machine, async () => {
    for (const name of taskNames) {
      const made = await create(machine, name, taskFile(readFileSync(join(places.program, `${name}.xml`), 'utf8'), task()));
      if (!made.ok) return made;
    }
    return { ok: true, note: taskNames.map(pathOf).join(', ') };
  });
}

/** Takes the tasks out of the Task Scheduler. */
export function deleteTasks(machine: Machine): Step {
  return changing(machine, async () => {
    // What a trigger starts between its end and its deletion nobody could end any more.
    const disabling = tasksOf(machine.places).map((name) => ['/change', '/tn', pathOf(name), '/disable']);
    for (const order of disabling) await call(machine, 'schtasks', [order]);
    await endTasks(machine);
    const deleted = await call(machine, 'schtasks', tasksOf(machine.places).map(deletion));
    return deleted.ok ? { ok: true, note: machine.say('gone') } : deleted;
  });
}

/** The way to the room card for everybody who signs in, under its name in the language of the installation. */
export function addToMenu(machine: Machine): Step {
  const { menu, program } = machine.places;
  return ofMenu(machine, () => {
    mkdirSync(menu, { recursive: true });
    // No shortcut that only COM can make; such a file takes no arguments along.
    const { href } = pathToFileURL(join(program, 'room-card.cmd'));
    writeFileSync(join(menu, `${machine.say('room')}.url`), `[InternetShortcut]\r\nURL=${href}\r\n`);
    return machine.say('room');
  });
}

/** Takes it away again, in whatever language it was made. */
export function takeFromMenu(machine: Machine): Step {
  return ofMenu(machine, () => machine.say('gone'));
}

/** `change` finds no entry of ours there, and answers with what may be said of it. */
function ofMenu({ places }: Machine, change: () => string): Step {
  const entries = Object.values(phrases.room).map((name) => join(places.menu, `${name}.url`));
  const before = new Map<string, Buffer>();
  const clear = () => entries.forEach(remove);
  return {
    name: 'menu',
    do: async () => {
      for (const entry of entries) if (existsSync(entry)) before.set(entry, readFileSync(entry));
      clear();
      return { ok: true, note: change() };
    },
    undo: async () => {
      clear();
      for (const [entry, content] of before) writeFileSync(entry, content);
    },
  };
}

/** Nothing is lost where it fails: the trigger of each minute starts it. */
export function start(machine: Machine): Step {
  return {
    name: 'start',
    do: async () => {
      if (!isEnrolled(machine.places)) return { ok: true, note: machine.say('notEnrolled') };
      const orders = taskNames.map((name) => ['/run', '/tn', pathOf(name)]);
      const started = await call(machine, 'schtasks', orders);
      return started.ok ? started : { ok: true, note: `${machine.say('later')} (${started.line})` };
    },
  };
}

/** What the Task Scheduler has of the agent can be put back as it was. */
function changing(machine: Machine, change: () => Promise<Outcome>): Step {
  const before = new Map<TaskName, Buffer>();
  return {
    name: 'tasks',
    do: async () => {
      for (const name of tasksOf(machine.places)) before.set(name, readFileSync(keptTask(machine.places, name)));
      return change();
    },
    undo: async () => {
      const added = tasksOf(machine.places).filter((name) => !before.has(name));
      const outcomes = [await call(machine, 'schtasks', added.map(deletion))];
      for (const [name, content] of before) outcomes.push(await create(machine, name, content));
      for (const outcome of outcomes) if (!outcome.ok) throw new Error(outcome.line);
    },
  };
}

async function create(machine: Machine, name: TaskName, content: Buffer): Promise<Outcome> {
  const { program } = machine.places;
  // Of the person's own folders each of his programs may change what is in them, and this runs as the system.
  const folder = mkdtempSync(join(existsSync(program) ? program : tmpdir(), 'task-'));
  const file = join(folder, `${name}.xml`);
  try {
    writeFileSync(file, content);
    return await call(machine, 'schtasks', [['/create', '/tn', pathOf(name), '/xml', file, '/f']]);
  } finally {
    remove(folder);
  }
}

function deletion(name: TaskName): string[] {
  return ['/delete', '/tn', pathOf(name), '/f'];
}
