import { expect, test } from 'vitest';
import { runProgram } from './program.ts';

const node = (script: string, ...args: string[]) => runProgram(process.execPath, ['-e', script, '--', ...args]);

test('S13 hands on each argument as it is, and gives what was said', async () => {
  const hostile = ['a b', '"', "'", '$(reboot)', '%PATH%', '& exit', 'सभा', ''];
  const { code, text } = await node('console.log(JSON.stringify(process.argv.slice(1)))', ...hostile);
  expect([code, JSON.parse(text)]).toEqual([0, hostile]);
});

test('says how it ended, and of an error what was said of it', async () => {
  expect(await node("console.log('out'); console.error('no'); process.exit(3)")).toEqual({ code: 3, text: 'no' });
});

test('S17 a program that ends without a word: its arguments, which may be secret, are told to nobody', async () => {
  expect(await node('process.exit(1)', 'SECRET')).toEqual({ code: 1, text: '' });
});
