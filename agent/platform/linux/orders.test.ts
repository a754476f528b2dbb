import { expect, test } from 'vitest';
import type { Output } from '../child.ts';
import type { SoundDevice, SoundState } from '../platform.ts';
import { createOrders } from './orders.ts';

const device = (id: string, name: string): SoundDevice => ({ id, name, muted: false, volume: 1, usedBy: [] });
const sound: SoundState = {
  sources: [device('usb-1', 'Jabra Speak 750'), device('built-in', 'Built-in'), device('--help', '$(reboot)')],
  defaultSource: 'usb-1',
  sinks: [device('usb-out', 'सभा स्पीकर')],
  defaultSink: null,
};
const signal = new AbortController().signal;

function setUp(answer: (args: string[]) => Output = () => ({ ok: true, text: '' })) {
  const ran: string[][] = [];
  const orders = createOrders({
    sound: async () => ({ known: true, value: sound }),
    run: async (program, args) => {
      ran.push([program, ...args]);
      return answer(args);
    },
  });
  return { orders, ran };
}

test('the sound repair selects the only device whose name contains the text', async () => {
  const { orders, ran } = setUp();
  expect(await orders.setDefaultDevice({ kind: 'microphone', name: 'jabra' }, signal)).toEqual({ done: true });
  expect(await orders.setDefaultDevice({ kind: 'speaker', name: 'सभा' }, signal)).toEqual({ done: true });
  expect(await orders.setDefaultDevice({ kind: 'microphone', name: '$(reboot)' }, signal)).toEqual({ done: true });
  expect(ran).toEqual([
    ['pactl', '--', 'set-default-source', 'usb-1'],
    ['pactl', '--', 'set-default-sink', 'usb-out'],
    // `--` keeps pactl from treating a device name such as `--help` as an option.
    ['pactl', '--', 'set-default-source', '--help'],
  ]);
});

test('the sound repair gives a reason and runs nothing if no device or several fit, or if the sound server does not answer', async () => {
  const { orders, ran } = setUp();
  expect(await orders.setDefaultDevice({ kind: 'microphone', name: 'rally' }, signal)).toEqual({
    done: false,
    reason: 'no microphone has this in its name',
  });
  expect(await orders.setDefaultDevice({ kind: 'microphone', name: 'b' }, signal)).toMatchObject({
    reason: expect.stringMatching(/^3 devices/),
  });
  const mute = createOrders({
    sound: async () => ({ known: false, reason: 'no audio server' }),
    run: () => expect.unreachable(),
  });
  expect(await mute.setDefaultDevice({ kind: 'speaker', name: 'x' }, signal)).toEqual({ done: false, reason: 'no audio server' });
  expect(ran).toEqual([]);
});

test('the sound repair restarts only known sound services that are running', async () => {
  const { orders, ran } = setUp((args) => ({
    ok: true,
    text: args.includes('list-units') ? 'pipewire.service loaded active running x\nevil.service a\nwireplumber.service y' : '',
  }));
  expect(await orders.restartSound(signal)).toEqual({ done: true });
  expect(ran[1]).toEqual(['systemctl', '--user', 'restart', 'pipewire.service', 'wireplumber.service']);
});

test('the sound repair gives a reason if no sound service runs, systemctl is missing, or systemctl refuses', async () => {
  expect(await setUp().orders.restartSound(signal)).toEqual({ done: false, reason: 'no sound service of this user runs' });
  const missing = setUp(() => ({ ok: false, why: 'missing', text: '' })).orders;
  expect(await missing.restartSound(signal)).toEqual({ done: false, reason: 'systemctl is not installed' });
  const refused = setUp(() => ({ ok: false, why: 'failed', text: 'Access\ndenied' })).orders;
  expect(await refused.reboot(signal)).toEqual({ done: false, reason: 'systemctl failed: Access denied' });
});

test('the sound repair unmutes, mutes or selects a device by its id, which must exist', async () => {
  const { orders, ran } = setUp();
  for (const muted of [false, true])
    expect(await orders.changeSound({ kind: 'microphone', id: '--help', muted }, signal)).toEqual({ done: true });
  expect(await orders.changeSound({ kind: 'speaker', id: 'usb-out', chosen: true }, signal)).toEqual({ done: true });
  expect(await orders.changeSound({ kind: 'speaker', id: 'usb-1', muted: false }, signal)).toEqual({
    done: false,
    reason: 'the speaker is gone',
  });
  expect(ran).toEqual([
    ['pactl', '--', 'set-source-mute', '--help', '0'],
    ['pactl', '--', 'set-source-mute', '--help', '1'],
    ['pactl', '--', 'set-default-sink', 'usb-out'],
  ]);
});
