import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TaskName, taskFile, taskNames } from './install.ts';

const task = { program: 'C:\\Program Files\\Sabha', data: 'C:\\ProgramData\\Sabha', enabled: true };
const template = (name: string) => readFileSync(new URL(`../../../packaging/windows/${name}.xml`, import.meta.url), 'utf8');
const textOf = (name: string, change: Partial<typeof task> = {}) => taskFile(template(name), { ...task, ...change }).toString('utf16le');

const valueIn = (xml: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

/** Splits a command line as Windows does (CommandLineToArgvW), for arguments without quotation marks. */
function argumentsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

describe.each(taskNames)('task %s', (name) => {
  const xml = textOf(name);

  test('the scheduled task starts by its triggers, again within a minute, and never stops because of battery, time or idleness', () => {
    const wanted = {
      MultipleInstancesPolicy: 'IgnoreNew',
      DisallowStartIfOnBatteries: 'false',
      StopIfGoingOnBatteries: 'false',
      StartWhenAvailable: 'true',
      RunOnlyIfNetworkAvailable: 'false',
      StopOnIdleEnd: 'false',
      RunOnlyIfIdle: 'false',
      ExecutionTimeLimit: 'PT0S',
      URI: `\\Sabha\\${name}`,
    };
    for (const [element, value] of Object.entries(wanted)) expect([element, valueIn(xml, element)]).toEqual([element, value]);
    expect(xml).toContain(name === 'run' ? '<BootTrigger>' : '<LogonTrigger>');
    expect(xml).toMatch(/<Repetition>\s*<Interval>PT1M</);
    // The Task Scheduler refuses a task whose elements are in another order.
    const parts = ['RegistrationInfo', 'Triggers', 'Principals', 'Settings', 'Actions'];
    const places = parts.map((part) => xml.indexOf(`<${part}`));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test('the scheduled task is disabled on a PC that is not enrolled', () => {
    expect(textOf(name, { enabled: false })).toMatch(/<Enabled>false<\/Enabled>\s*<Hidden>/);
  });
});

test('the scheduled task runs `run` as SYSTEM, and `room` as the signed-in user with least privilege and without a window', () => {
  const [run = '', room = ''] = taskNames.map((name) => textOf(name));
  expect([valueIn(run, 'UserId'), valueIn(run, 'RunLevel')]).toEqual(['S-1-5-18', 'HighestAvailable']);
  expect([valueIn(room, 'GroupId'), valueIn(room, 'RunLevel')]).toEqual(['S-1-5-32-545', 'LeastPrivilege']);
  const node = 'C:\\Program Files\\Sabha\\node.exe';
  const files = ['--env-file=C:\\Program Files\\Sabha\\agent.env', 'C:\\Program Files\\Sabha\\launch.mjs'];
  const words = (verb: TaskName) => [...files, verb, ...(verb === 'run' ? ['--apart'] : []), '--data', task.data];
  const callOf = (xml: string) => argumentsOf(valueIn(xml, 'Arguments') ?? '');
  expect(valueIn(run, 'Command')).toBe(node);
  expect(callOf(run).slice(-6)).toEqual(words('run'));
  expect(valueIn(room, 'Command')).toBe('%SystemRoot%\\System32\\conhost.exe');
  expect(callOf(room).slice(0, 2)).toEqual(['--headless', node]);
  expect(callOf(room).slice(-5)).toEqual(words('room'));
  expect([run, room].map((xml) => valueIn(xml, 'WorkingDirectory'))).toEqual([task.program, task.program]);
});
