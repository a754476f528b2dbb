import { expect, test } from 'vitest';
import type { HoursFields } from '../records/incidents.ts';
import { contentsAfter, createStage, fault, ok, online, type Path, pc } from './stage.test-helper.ts';

const hour = 3_600_000;

/** What *when* does: it waits, or tells with these marks. */
function waits(hours: HoursFields, dueAt: number): Path {
  return ({ message: { severity, holdMs, to } }) => ({
    acts: [{ do: 'wait', node: 'when', dueAt, unlessAcknowledged: false, message: { severity, holdMs, to, hours } }],
    how: 'waits for the morning',
  });
}
const tells =
  (hours: HoursFields, severity: 'critical' | 'major' = 'major'): Path =>
  () => ({ acts: [{ do: 'deliver', channel: 'email', to: ['technician'], severity, hours }], severity });

test('what waits for the morning and is repaired by then is told to nobody, also after a restart', () => {
  const stage = online();
  stage.setPath(waits({ waits: 'held' }, stage.now() + hour));
  stage.state([fault('microphone.muted'), ok('camera')]);
  const again = createStage({ contents: contentsAfter(stage.ops), at: stage.now() });
  again.apply({ type: 'started' });
  again.subscribe();
  again.birth(pc, { session: 2 });
  again.state([ok('microphone'), ok('camera')]);
  again.live(2 * hour);
  expect(again.told()).toEqual([]);
  expect(again.incident()?.over).toBe('cleared');
});

test('who was told is told once more when a meeting makes it critical, and not a third time; the digest is gathered', () => {
  const stage = online();
  stage.setPath((offer) => {
    const first = tells({ digest: true })(offer);
    const wait = waits({ waits: 'told' }, stage.now() + hour)(offer);
    return first === 'nothing' || wait === 'nothing' ? 'nothing' : { ...first, acts: [...first.acts, ...wait.acts] };
  });
  stage.state([fault('microphone.muted'), ok('camera')]);
  expect(stage.outbox().map(({ notice, dueAt, createdAt }) => [notice.severity, notice.digest, dueAt - createdAt])).toEqual([
    ['major', true, 30_000],
  ]);
  const meeting = { at: 5, title: 'Review' };
  stage.setPath((offer) => {
    const again = tells({ meeting }, 'critical')(offer);
    const wait = waits({ waits: 'meeting', was: 'major' }, stage.now() + hour)(offer);
    return again === 'nothing' || wait === 'nothing' ? 'nothing' : { ...again, acts: [...again.acts, ...wait.acts] };
  });
  for (let time = 0; time < 2; time += 1) {
    stage.apply({ type: 'look-again' });
    stage.pass(1_000);
  }
  expect(stage.outbox().map(({ key, notice }) => [key, notice.severity, notice.meeting])).toEqual([
    ['1/email/technician', 'major', undefined],
    ['1/email/technician/critical/5', 'critical', meeting],
  ]);
  expect(stage.incident()?.severity).toBe('critical');
});
