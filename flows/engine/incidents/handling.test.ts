import type { StoredAnswer } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { type EngineStage, fault, minute, online, type Path, pc, tellTechnician } from './stage.test-helper.ts';

/** Notifies the technician, and the state 15 minutes later unless the incident is acknowledged, as the tabs do for critical faults. */
const escalating: Path = (offer) => {
  const { message, node } = offer;
  if (node !== null || message.transition.kind !== 'raised') {
    return { acts: [{ do: 'deliver', channel: 'email', to: [node === null ? 'technician' : 'state'], severity: message.severity }] };
  }
  const { severity, holdMs, to } = message;
  const dueAt = message.transition.at + 15 * minute;
  const wait = { do: 'wait', node: '15-min', dueAt, unlessAcknowledged: true, message: { severity, holdMs, to } } as const;
  return { acts: [{ do: 'deliver', channel: 'email', to: ['technician'], severity }, wait] };
};

function broken(path: Path = escalating): EngineStage {
  const stage = online();
  stage.setPath(path);
  stage.state([fault('microphone.missing')]);
  return stage;
}

function say(stage: EngineStage, word: StoredAnswer, person = 'asha'): void {
  const by = person === 'asha' ? 'Asha' : 'Bina';
  stage.apply({ type: 'answer', incident: stage.incident()?.id ?? 0, person, by, word, link: 'x1' });
}

test('the reply "going" acknowledges the incident and ends the escalation', () => {
  const stage = broken();
  say(stage, 'going');
  expect(stage.incident()?.acknowledged).toMatchObject({ by: 'Asha', severity: 'critical' });
  stage.live(20 * minute);
  expect(stage.told()).toEqual(['raised to technician']);
  expect(stage.incident()?.answers).toEqual([{ person: 'asha', by: 'Asha', word: 'going', link: 'x1', at: expect.any(Number) }]);
});

test('the reply "seen" does not end the escalation', () => {
  const stage = broken();
  say(stage, 'seen');
  expect(stage.incident()?.acknowledged).toBeNull();
  stage.live(16 * minute);
  expect(stage.told()).toEqual(['raised to technician', 'raised to state']);
});

test('the reply "here" acknowledges the incident and ends the escalation, and does not replace an earlier acknowledgement', () => {
  const stage = broken();
  say(stage, 'here');
  expect(stage.incident()?.acknowledged?.by).toBe('Asha');
  stage.live(16 * minute);
  expect(stage.told()).toEqual(['raised to technician']);
  say(stage, 'here', 'bina');
  expect(stage.incident()?.acknowledged?.by).toBe('Asha');
});

test('the reply "not mine" removes the acknowledgement and notifies the next level at once', () => {
  const stage = broken();
  say(stage, 'going');
  say(stage, 'not-mine');
  stage.pass(2_000);
  expect(stage.incident()?.acknowledged).toBeNull();
  expect(stage.told()).toEqual(['raised to technician', 'raised to state']);
});

test('the reply "not mine" is reported to central operations if there is no next level', () => {
  const stage = broken(tellTechnician);
  say(stage, 'not-mine');
  expect(stage.outbox().at(-1)).toMatchObject({
    person: 'central',
    notice: { kind: 'direct', lines: ['not_mine', `${pc}, Room`, 'Asha'] },
  });
});

test('the reply "fixed" acknowledges the incident until the PC confirms the repair, and the log names the person who is replaced', () => {
  const stage = broken();
  say(stage, 'fixed');
  expect(stage.incident()).toMatchObject({ over: null, acknowledged: { by: 'Asha' } });
  say(stage, 'fixed', 'bina');
  expect(stage.incident()).toMatchObject({ over: null, acknowledged: { by: 'Bina' }, fixed: { by: 'Bina' } });
  expect(stage.incident()?.deeds?.map(({ did, by, to }) => [did, by, to])).toContainEqual(['taken-over', 'Bina', 'Asha']);
});

test('the reply "not mine" removes an earlier "fixed" report, and an earlier assignment', () => {
  const stage = broken();
  say(stage, 'fixed');
  say(stage, 'not-mine');
  expect(stage.incident()).toMatchObject({ acknowledged: null });
  expect(stage.incident()).not.toHaveProperty('fixed');
  stage.apply({ type: 'assign', incident: stage.incident()?.id ?? 0, by: 'Meera', to: 'asha' });
  say(stage, 'not-mine');
  expect(stage.incident()).not.toHaveProperty('assigned');
});

test('a reply to an ended incident has no effect, and a set clock moves the times of replies', () => {
  const stage = broken();
  say(stage, 'seen');
  const at = stage.incident()?.answers?.[0]?.at ?? 0;
  stage.setClock(minute);
  expect(stage.incident()?.answers?.[0]?.at).toBe(at + minute);
  stage.state([]);
  stage.pass(10_000);
  expect(stage.incident()?.over).not.toBeNull();
  say(stage, 'going');
  expect(stage.incident()).toMatchObject({ acknowledged: null, answers: [{ word: 'seen' }] });
});

test('the replies "going" and "not mine" in turns cause at most one message per hour and person to central operations', () => {
  const stage = broken(tellTechnician);
  for (let times = 0; times < 100; times += 1) {
    say(stage, 'going');
    say(stage, 'not-mine');
    stage.pass(200, 200);
  }
  const toCentral = () => stage.told().filter((one) => one === 'direct to central').length;
  expect(toCentral()).toBe(1);
  say(stage, 'not-mine', 'bina');
  expect(toCentral()).toBe(2);
  stage.live(61 * minute);
  say(stage, 'not-mine');
  expect(toCentral()).toBe(3);
});
