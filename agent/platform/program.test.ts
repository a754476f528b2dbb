import { expect, test } from 'vitest';
import { runProgram } from './program.ts';

const node = (script: string, ...args: string[]) => runProgram(process.execPath, ['-e', script, '--', ...args]);

test('S13 runProgram passes each argument unchanged, and returns the output', async () => {
  const hostile = ['a b', '"', "'", '$(reboot)', '%PATH%', '& exit', 'सभा', ''];
  const { code, text } = await node('console.log(JSON.stringify(process.argv.slice(1)))', ...hostile);
  expect([code, JSON.parse(text)]).toEqual([0, hostile]);
});

test('runProgram returns the exit code, and the error output if the program fails', async () => {
  expect(await node("console.log('out'); console.error('no'); process.exit(3)")).toEqual({ code: 3, text: 'no' });
});

test('S17 runProgram does not return the arguments, which may be secret, if a program fails without output', async () => {
  expect(await node('process.exit(1)', 'SECRET')).toEqual({ code: 1, text: '' });
});
