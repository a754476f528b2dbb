import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TaskName, taskFile, taskNames } from './install.ts';

const task = { program: 'C:\\Program Files\\Sabha', data: 'C:\\ProgramData\\Sabha', enabled: true };
const template = (name: string) => readFileSync(new URL(`../../../packaging/windows/${name}.xml`, import.meta.url), 'utf8');
const textOf = (name: string, change: Partial<typeof task> = {}) => taskFile(template(name), { ...task, ...change }).toString('utf16le');

/** The elements of a text in order, each with the way to it; it throws where the text is not well-formed, or holds anything but elements and text. */
function elementsOf(xml: string): [path: string, text: string][] {
  const found: [string, string][] = [];
  const open: { name: string; text: string }[] = [];
  let rest = xml.replace(/^\ufeff<\?xml version="1\.0" encoding="UTF-16"\?>/, '');
  expect(rest).not.toBe(xml);
  while (rest.trim() !== '') {
    const [all = '', text = '', slash, name = ''] = /^([^<>&]|&(?:amp|lt|gt);)*/.test(rest)
      ? (/^([^<]*)<(\/?)([A-Za-z]+)(?: [a-zA-Z]+="[^"<&]*")*>/.exec(rest) ?? [])
      : [];
    if (all === '') throw new Error(`not well-formed: ${rest.slice(0, 80)}`);
    const top = open.at(-1);
    if (top) top.text += text;
    if (slash === '') open.push({ name, text: '' });
    else {
      if (top?.name !== name) throw new Error(`</${name}> closes <${top?.name}>`);
      found.push([open.map((one) => one.name).join('/'), plain(top.text)]);
      open.pop();
    }
    rest = rest.slice(all.length);
  }
  expect(open).toEqual([]);
  return found;
}

function plain(text: string): string {
  return text.trim().replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** As CommandLineToArgvW takes a command line apart; no argument of ours has a quotation mark in it. */
function argumentsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

describe.each(taskNames)('the task %s', (name) => {
  test('is well-formed for the Task Scheduler, and never ends by battery, time or idleness', () => {
    const said = Object.fromEntries(elementsOf(textOf(name)));
    const settings = Object.entries(said).flatMap(([path, text]) => (path.startsWith('Task/Settings/') ? [[path.slice(14), text]] : []));
    expect(Object.fromEntries(settings)).toEqual({
      MultipleInstancesPolicy: 'IgnoreNew',
      DisallowStartIfOnBatteries: 'false',
      StopIfGoingOnBatteries: 'false',
      AllowHardTerminate: 'true',
      StartWhenAvailable: 'true',
      RunOnlyIfNetworkAvailable: 'false',
      IdleSettings: '',
      'IdleSettings/StopOnIdleEnd': 'false',
      'IdleSettings/RestartOnIdle': 'false',
      AllowStartOnDemand: 'true',
      Enabled: 'true',
      Hidden: 'true',
      RunOnlyIfIdle: 'false',
      WakeToRun: 'false',
      ExecutionTimeLimit: 'PT0S',
      Priority: '7',
      RestartOnFailure: '',
      'RestartOnFailure/Interval': 'PT1M',
      'RestartOnFailure/Count': '255',
    });
    expect(textOf(name)).toContain('<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">');
    // The parts of a task in the order of its schema, whose group of parts is a sequence.
    const parts = [...new Set(Object.keys(said).map((path) => path.split('/')[1]))].filter(Boolean);
    expect(parts).toEqual(['RegistrationInfo', 'Triggers', 'Principals', 'Settings', 'Actions']);
    expect(said['Task/RegistrationInfo/URI']).toBe(`\\Sabha\\${name}`);
    const own = name === 'run' ? 'BootTrigger' : 'LogonTrigger';
    expect(Object.entries(said).filter(([path]) => path.startsWith('Task/Triggers/'))).toEqual([
      [`Task/Triggers/${own}/Enabled`, 'true'],
      [`Task/Triggers/${own}`, ''],
      ['Task/Triggers/TimeTrigger/Repetition/Interval', 'PT1M'],
      ['Task/Triggers/TimeTrigger/Repetition', ''],
      ['Task/Triggers/TimeTrigger/StartBoundary', '2020-01-01T00:00:00'],
      ['Task/Triggers/TimeTrigger/Enabled', 'true'],
      ['Task/Triggers/TimeTrigger', ''],
    ]);
  });

  test('is disabled on a PC that is not enrolled', () => {
    expect(Object.fromEntries(elementsOf(textOf(name, { enabled: false })))['Task/Settings/Enabled']).toBe('false');
  });
});

test('`run` runs as SYSTEM, `room` as the signed-in user with least privilege and without a window', () => {
  const [run, room] = taskNames.map((name) => Object.fromEntries(elementsOf(textOf(name))));
  const principal = 'Task/Principals/Principal';
  expect([run?.[`${principal}/UserId`], run?.[`${principal}/RunLevel`]]).toEqual(['S-1-5-18', 'HighestAvailable']);
  expect([room?.[`${principal}/GroupId`], room?.[`${principal}/RunLevel`]]).toEqual(['S-1-5-32-545', 'LeastPrivilege']);
  const flags = [
    '--lite-mode',
    '--max-semi-space-size=1',
    '--v8-pool-size=0',
    '--single-threaded-gc',
    '--optimize-for-size',
    '--expose-gc',
  ];
  const node = 'C:\\Program Files\\Sabha\\node.exe';
  const files = ['--env-file=C:\\Program Files\\Sabha\\agent.env', 'C:\\Program Files\\Sabha\\launch.mjs'];
  const words = (verb: TaskName) => [...flags, ...files, verb, ...(verb === 'run' ? ['--apart'] : []), '--data', task.data];
  const exec = 'Task/Actions/Exec';
  expect(run?.[`${exec}/Command`]).toBe(node);
  expect(argumentsOf(run?.[`${exec}/Arguments`] ?? '')).toEqual(words('run'));
  expect(room?.[`${exec}/Command`]).toBe('%SystemRoot%\\System32\\conhost.exe');
  expect(argumentsOf(room?.[`${exec}/Arguments`] ?? '')).toEqual(['--headless', node, ...words('room')]);
  expect([run, room].map((one) => one?.[`${exec}/WorkingDirectory`])).toEqual([task.program, task.program]);
});
