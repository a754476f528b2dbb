import { expect, test } from 'vitest';
import { fault, ok, online, pc, type Stage, unknown } from '../incidents/stage.test-helper.ts';

const minute = 60_000;
const last = (stage: Stage) => stage.outbox().at(-1)?.notice;

test('that a part is better says what is left', () => {
  const stage = online();
  stage.state([fault('camera.missing'), fault('pc.load_high', ''), ok('microphone')]);
  stage.state([ok('camera'), fault('pc.load_high', ''), ok('microphone')]);
  stage.live(3 * minute);
  expect(last(stage)).toMatchObject({ kind: 'eased', faults: [{ fault: 'camera.missing' }], rest: [{ fault: 'pc.load_high' }] });
});

test('at its end an alert said that the room is well, though of its microphone nothing was known', () => {
  const ready = online();
  ready.state([fault('camera.missing'), ok('microphone')]);
  ready.state([ok('camera'), ok('microphone')]);
  ready.live(15 * minute);
  expect(last(ready)).toMatchObject({ kind: 'cleared', ready: true });
  const blind = online();
  blind.state([fault('camera.missing'), unknown('microphone', 'no audio server')]);
  blind.state([ok('camera'), unknown('microphone', 'no audio server')]);
  blind.live(15 * minute);
  expect(last(blind)).toMatchObject({ kind: 'cleared' });
  expect(last(blind)).not.toHaveProperty('ready');
});

test('of a room in which something new stands when its end is told nobody says that it is well', () => {
  const stage = online();
  stage.state([fault('camera.missing'), ok('microphone')]);
  stage.setPath(() => 'nothing');
  stage.state([ok('camera'), ok('microphone')]);
  for (let n = 0; n < 120 && stage.incident()?.over === null; n += 1) stage.pass(1_000);
  expect(stage.incident()?.over).toBe('cleared');
  const offer = stage.offers.findLast(({ message }) => message.transition.kind === 'cleared')?.message;
  stage.state([ok('camera'), fault('microphone.muted')]);
  const acts = [{ do: 'deliver', channel: 'email', to: ['technician'], severity: 'critical' }] as const;
  stage.apply({
    type: 'conclude',
    transition: offer?.transition.id ?? 0,
    how: 'told',
    severity: 'critical',
    acts: acts.map((act) => ({ ...act, to: [...act.to] })),
  });
  expect(stage.engine.memory.openIncident(pc)).toBeDefined();
  expect(last(stage)).toMatchObject({ kind: 'cleared' });
  expect(last(stage)).not.toHaveProperty('ready');
});
