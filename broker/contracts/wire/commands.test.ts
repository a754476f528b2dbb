import * as v from 'valibot';
import { expect, test } from 'vitest';
import { command, isAddressedTo, parseOrder, verbNames, verbs } from './commands.ts';

const hall = 'ladakh/leh/hall';

test.each<[string, Record<string, unknown>, string]>([
  ['probe-now', {}, 'all'],
  ['fast-checks', {}, 'ladakh/all'],
  ['send-log', { lines: 20 }, hall],
  ['set-default-device', { kind: 'microphone', name: 'जबरा' }, hall],
  ['measure-link', {}, hall],
  ['restart-sound', {}, hall],
  ['restart-agent', {}, 'all'],
  ['reboot', { confirm: hall }, hall],
])('the command %s with the arguments %j to %s is valid', (verb, args, to) => {
  expect(parseOrder({ verb, args, to })).toEqual({ ok: true, value: { verb, args } });
});

test('the commands are a closed list, and three of them accept one PC only', () => {
  expect(verbNames).toEqual([
    'probe-now',
    'fast-checks',
    'send-log',
    'set-default-device',
    'measure-link',
    'restart-sound',
    'restart-agent',
    'reboot',
  ]);
  expect(verbNames.filter((name) => verbs[name].pcOnly)).toEqual(['send-log', 'measure-link', 'reboot']);
});

test('a number given as text, as on a command line, is converted', () => {
  expect(parseOrder({ verb: 'send-log', args: { lines: '20' }, to: hall })).toEqual({
    ok: true,
    value: { verb: 'send-log', args: { lines: 20 } },
  });
});

test.each<[string, Record<string, unknown>, string, string]>([
  ['format-disk', {}, hall, 'unknown verb'],
  ['__proto__', {}, hall, 'unknown verb'],
  ['probe-now', { shell: 'ls' }, hall, 'bad arguments: shell: this key is not known'],
  ['send-log', { lines: '1e9' }, hall, 'bad arguments: lines: expected '],
  ['send-log', { lines: 0 }, hall, 'bad arguments: lines: expected >=1, found 0'],
  ['set-default-device', { kind: 'camera', name: 'x' }, hall, 'bad arguments: kind: expected ("microphone" | "speaker"), found "camera"'],
  ['send-log', { lines: 1 }, 'all', 'send-log goes to one PC only'],
  ['reboot', { confirm: hall }, 'ladakh/leh/all', 'reboot goes to one PC only'],
  ['reboot', { confirm: 'ladakh/leh/other' }, hall, 'confirm does not name this PC'],
])('the command %s with the arguments %j to %s is rejected: %s', (verb, args, to, line) => {
  expect(parseOrder({ verb, args, to })).toEqual({ ok: false, reason: expect.stringContaining(line) });
});

test('an address is a PC, or all PCs of a scope, and nothing else', () => {
  for (const to of [hall, 'all', 'ladakh/all', 'ladakh/leh/all']) expect([to, isAddressedTo(to, hall)]).toEqual([to, true]);
  for (const to of ['ladakh/leh/hall-2', 'ladakh/leh', 'goa/all', 'ladakh/kargil/all', '']) {
    expect([to, isAddressedTo(to, hall)]).toEqual([to, false]);
  }
  const text = { id: 'c', verb: 'x', args: {}, notBefore: 1, expires: 2, counter: 1 };
  for (const to of ['', 'ladakh', 'ladakh/leh', 'a/b/c/d', 'a/b/c/all', '+/all', '../all', 'ladakh/#', 'all/all']) {
    expect(v.safeParse(command, { ...text, to }).success, to).toBe(false);
  }
  for (const to of [hall, 'all', 'ladakh/all', 'ladakh/leh/all']) expect(v.safeParse(command, { ...text, to }).success).toBe(true);
});
