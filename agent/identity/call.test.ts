import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commandLine, nextCommand, nextSteps, startCall } from './call.ts';

test('nextCommand and nextSteps print commands with the data folder of the call', () => {
  expect(nextSteps('en', undefined)).toContain('"npm run agent -- run" starts the agent, "npm run agent -- check" shows');
  expect(nextSteps('en', 'my/folder')).toContain('"npm run agent -- run --data my/folder" starts');
  expect(nextSteps('hi', 'my/folder')).toContain('"npm run agent -- check --data my/folder" बताएगा');
});

test.each([
  ['C:\\Sabha\\agent', 'C:\\Sabha\\agent'],
  ['my folder', '"my folder"'],
  ['{run}', '"{run}"'],
])('commandLine quotes the folder %s so that a shell accepts it', (data, typed) => {
  expect(commandLine('check', data)).toBe(`npm run agent -- check --data ${typed}`);
  expect(startCall(data)).toBe(` (npm run agent -- run --data ${typed})`);
  expect(nextCommand(data)).toBe(`npm run agent -- run --data ${typed}`);
});

test('commandLine puts sudo before the commands of a Linux package, except before `room`', () => {
  const packed = `globalThis.SABHA_VERSION = '1'; const { commandLine, nextCommand } = await import('${new URL('./call.ts', import.meta.url)}');`;
  const program = `${packed} console.log(JSON.stringify([nextCommand('/var/lib/sabha-agent'), commandLine('room')]));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual(['sudo sabha-agent check', 'sabha-agent room']);
});
