import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keptData, placesOf } from './places.ts';

const env = { ProgramFiles: 'C:\\Program Files', ProgramData: 'C:\\ProgramData', SystemRoot: 'C:\\WINDOWS' };
const execPath = 'C:\\Users\\आशा देवी\\Downloads\\sabha-agent-0.1.0-win-x64\\node.exe';
const dataFor = (data: string) => {
  const places = placesOf({ env, execPath, data });
  return places.ok ? places.value.data : places.line;
};

test('the agent lies beside the other programs, its data beside theirs', () => {
  expect(placesOf({ env, execPath, data: undefined })).toEqual({
    ok: true,
    value: {
      source: 'C:\\Users\\आशा देवी\\Downloads\\sabha-agent-0.1.0-win-x64',
      program: 'C:\\Program Files\\Sabha',
      data: 'C:\\ProgramData\\Sabha',
      system: 'C:\\WINDOWS\\System32',
      menu: 'C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs',
    },
  });
});

test('the folder of the program was another one where somebody had typed its name in small letters', () => {
  const places = placesOf({ env, execPath: 'c:\\program files\\sabha\\node.exe', data: undefined });
  expect(places.ok && places.value.source).toBe('C:\\Program Files\\Sabha');
});

test('after a power cut between the two renames of an upgrade the folder of its data was forgotten', () => {
  const root = mkdtempSync(join(tmpdir(), 'sabha-places-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const program = join(root, 'Sabha');
  expect(keptData(program)).toBeUndefined();
  mkdirSync(program);
  writeFileSync(join(program, 'agent.env'), "SABHA_DATA='D:\\Sabha'\n");
  expect(keptData(program)).toBe('D:\\Sabha');
  renameSync(program, `${program}.old`);
  expect(keptData(program)).toBe('D:\\Sabha');
});

test('another folder for its data is taken where it is a whole path on a drive', () => {
  expect(dataFor('D:\\सभा (1) & co')).toBe('D:\\सभा (1) & co');
  expect(dataFor('D:/Sabha/')).toBe('D:\\Sabha');
  expect(dataFor('d:\\a.b\\c..d\\\\')).toBe('d:\\a.b\\c..d');
});

test.each([
  ...['', 'D:', 'D:\\', 'Sabha', '\\Sabha', '\\\\server\\share\\x', '\\\\?\\C:\\x', 'D:\\a\\..\\b', 'D:\\.', 'D:\\a\\\\b', 'D:\\...'],
  ...['D:\\a"b', "D:\\O'Brien", 'D:\\a`b', 'D:\\%TEMP%', 'D:\\a\nb', 'D:\\a\u0000b', 'D:\\a|b', 'D:\\a>b', 'D:\\*', 'D:\\a:b', 'D:\\a?'],
])('S13 refuses %j in one line', (data) => {
  expect(dataFor(data)).toMatch(/^".*" will not do: a whole path such as D:\\Sabha is expected, without quotes and %$/su);
});

test('says what is missing where this is no Windows', () => {
  const { SystemRoot: _, ...less } = env;
  expect(placesOf({ env: less, execPath, data: undefined })).toEqual({
    ok: false,
    line: 'ProgramFiles, ProgramData and SystemRoot are not all set',
  });
});
