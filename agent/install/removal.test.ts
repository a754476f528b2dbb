import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installation } from './installation.ts';
import { isInstalled, keptTask, pathOf, tasksOf } from './machine.ts';
import { removal } from './removal.ts';
import { perform } from './steps.ts';
import { deleteTasks } from './tasks.ts';
import { answers, listener, type PlayedWindows, playWindows } from './windows.test-helper.ts';

async function installed() {
  const windows = playWindows();
  const empty = windows.tree();
  expect(await perform(installation(windows.machine(answers)), listener())).toBe(true);
  writeFileSync(join(windows.places.data, 'spool.db'), 'kept');
  return { windows, empty };
}

async function uninstall(windows: PlayedWindows, purge: boolean, places = windows.places) {
  const tell = listener();
  const ok = await perform(removal({ ...windows.machine(), places }, purge), tell);
  return { ok, lines: tell.lines };
}

test('program and tasks go, the data stay; with purge they go too, and nothing is left', async () => {
  const { windows, empty } = await installed();
  const { program, data } = windows.places;
  expect(await uninstall(windows, false)).toEqual({
    ok: true,
    lines: ['stop', 'tasks: removed', 'menu: removed', `program: ${program}, removed`],
  });
  expect([...windows.running]).toEqual([]);
  expect(
    Object.keys(windows.tree())
      .filter((path) => !(path in empty))
      .every((path) => path.startsWith('Data/')),
  ).toBe(true);
  expect(existsSync(join(data, 'spool.db'))).toBe(true);
  expect(isInstalled(windows.machine(), false)).toBe(false);
  expect(isInstalled(windows.machine(), true)).toBe(true);
  expect(await uninstall(windows, true)).toEqual({
    ok: true,
    lines: ['stop', 'tasks: removed', 'menu: removed', `data: ${data}, removed`],
  });
  expect(windows.tree()).toEqual(empty);
  expect(isInstalled(windows.machine(), true)).toBe(false);
});

test('a copy of the data that somebody had put beside them was removed with them', async () => {
  const { windows } = await installed();
  const copy = `${windows.places.data}.old`;
  mkdirSync(copy);
  writeFileSync(join(copy, 'spool.db'), 'copied');
  expect((await uninstall(windows, true)).ok).toBe(true);
  expect([existsSync(windows.places.data), existsSync(join(copy, 'spool.db'))]).toEqual([false, true]);
});

test('a power cut in a removal left the key beside where it had been, and the next one found nothing to remove', async () => {
  const { windows, empty } = await installed();
  const { program, data } = windows.places;
  const machine = windows.machine();
  await deleteTasks(machine).do();
  renameSync(program, `${program}.old`);
  renameSync(data, `${data}.sabha-gone`);
  expect([isInstalled(machine, false), isInstalled(machine, true)]).toEqual([true, true]);
  expect((await uninstall(windows, true)).ok).toBe(true);
  expect(windows.tree()).toEqual(empty);
  expect(isInstalled(machine, true)).toBe(false);
});

test('a task that its trigger started between its end and its deletion ran on without one, and nobody could end it', async () => {
  const { windows, empty } = await installed();
  windows.refuse(() => {
    for (const name of tasksOf(windows.places))
      if (/<Enabled>true<\/Enabled>\s*<Hidden>/.test(readFileSync(keptTask(windows.places, name), 'utf16le')))
        windows.running.add(pathOf(name));
    return false;
  });
  expect((await uninstall(windows, true)).ok).toBe(true);
  expect([[...windows.running], windows.tree()]).toEqual([[], empty]);
});

test('it is installed again over the data that stayed, without a code', async () => {
  const { windows } = await installed();
  await uninstall(windows, false);
  const tell = listener();
  expect(await perform(installation(windows.machine()), tell)).toBe(true);
  expect(tell.lines).toContain('enrolment: ladakh/leh/hall, done before');
});

test('run from where it is installed it removes all but itself, which the next one does', async () => {
  const { windows, empty } = await installed();
  const { program } = windows.places;
  const { ok, lines } = await uninstall(windows, true, { ...windows.places, source: program });
  expect([ok, lines[3]]).toEqual([true, `program: ${program}, removed (${program}.gone.exe stays)`]);
  expect(Object.keys(windows.tree()).filter((path) => !(path in empty))).toEqual(['Programs/Sabha.gone.exe']);
  expect(isInstalled(windows.machine(), false)).toBe(true);
  expect((await uninstall(windows, false)).ok).toBe(true);
  expect(windows.tree()).toEqual(empty);
});

describe('where something cannot be removed all stays as it was', () => {
  test.each([false, true])('a task that is not let go (from the program itself: %s)', async (isInside) => {
    const { windows } = await installed();
    const before = windows.tree();
    windows.refuse(({ args }) => args.includes('/delete') && args.includes('Sabha\\room'));
    const places = isInside ? { ...windows.places, source: windows.places.program } : windows.places;
    const { ok, lines } = await uninstall(windows, true, places);
    expect([ok, lines]).toEqual([false, ['stop', 'tasks failed: schtasks /delete: ERROR: refused', 'tasks back', 'stop back']]);
    expect(windows.tree()).toEqual(before);
    expect([...windows.running]).toEqual(['Sabha\\run', 'Sabha\\room']);
  });

  test('a folder of data that is none of ours', async () => {
    const { windows } = await installed();
    const before = windows.tree();
    const other = join(windows.places.source, '..', 'Data');
    const { ok, lines } = await uninstall(windows, true, { ...windows.places, data: other, source: windows.places.program });
    expect([ok, lines[4]]).toEqual([false, `data failed: ${other}: this is no folder of the agent`]);
    expect(lines.slice(5)).toEqual(['data back', 'program back', 'menu back', 'tasks back', 'stop back']);
    expect(windows.tree()).toEqual(before);
  });
});
