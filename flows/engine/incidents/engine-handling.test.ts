import { expect, test } from 'vitest';
import { type EngineStage, fault, holdFirst, hour, minute, ok, online, unknown } from './stage.test-helper.ts';

/** Simplified tabs: notify the requested person or, without one, the technician; escalate after 15 minutes. */
function withLevels(stage: EngineStage): EngineStage {
  stage.setPath(({ message, node }) => {
    const { severity, holdMs, transition } = message;
    const isNews = transition.kind === 'raised' || transition.kind === 'worsened';
    const first = message.to.length > 0 ? message.to : ['technician'];
    const to = node === null ? first : ['state'];
    const wait = {
      do: 'wait' as const,
      node: 'level',
      dueAt: transition.at + 15 * minute,
      unlessAcknowledged: true,
      message: { severity, holdMs, to },
    };
    const tell = { do: 'deliver' as const, channel: 'email', to, severity };
    return { acts: isNews && node === null ? [tell, wait] : [tell] };
  });
  return stage;
}

function broken(): EngineStage {
  const stage = withLevels(online());
  stage.state([fault('microphone.missing'), ok('camera')]);
  stage.pass(1_000);
  return stage;
}

const deeds = (stage: EngineStage) => stage.incident()?.deeds?.map(({ did, by, to }) => [did, by, to].filter(Boolean).join(' ')) ?? [];
const order = (stage: EngineStage, what: object) => stage.apply({ incident: stage.incident()?.id ?? 0, by: 'Asha', ...what } as never);
/** Returns the outbox rows since a time as text: kind, reason of a repeated notification, and recipient. */
function since(stage: EngineStage, from: number): string[] {
  const rows = stage.outbox().filter(({ createdAt }) => createdAt >= from);
  return rows.map(({ person, notice }) => `${notice.kind}${notice.again ? ` ${notice.again.why}` : ''} to ${person}`);
}

test('R21 an acknowledgement of a critical fault lapses after 4 h: the person who acknowledged is notified, then the next level', () => {
  const stage = broken();
  order(stage, { type: 'acknowledge' });
  const from = stage.now();
  stage.live(4 * hour - minute);
  expect(since(stage, from)).toEqual([]);
  stage.live(2 * minute);
  expect(since(stage, from)).toEqual(['raised lapsed to asha']);
  expect(stage.incident()?.acknowledged).toBeNull();
  stage.live(16 * minute);
  expect(since(stage, from)).toEqual(['raised lapsed to asha', 'raised lapsed to state']);
  expect(deeds(stage)).toEqual(['acknowledged Asha', 'lapsed Asha']);
});

test('R14 an acknowledgement does not expire while its fault is unknown, gone but not yet cleared, or cleared', { tags: ['long'] }, () => {
  const cleared = broken();
  order(cleared, { type: 'acknowledge' });
  cleared.state([ok('microphone'), ok('camera')]);
  cleared.live(30 * hour);
  expect(cleared.told().filter((one) => one.startsWith('raised'))).toEqual(['raised to technician']);
  const frozen = broken();
  order(frozen, { type: 'acknowledge' });
  frozen.state([unknown('microphone', 'nobody signed in'), ok('camera')]);
  frozen.live(6 * hour);
  expect(since(frozen, 1_100_000)).toEqual([]);
  frozen.state([fault('microphone.missing'), ok('camera')]);
  frozen.live(minute);
  expect(since(frozen, 1_100_000)).toEqual(['raised lapsed to asha']);
});

test('R21 an acknowledgement that is withdrawn within 15 s does not stop the escalation', () => {
  const stage = broken();
  const [first] = stage.outbox();
  stage.live((first?.createdAt ?? 0) + 15 * minute - stage.now() - 5_000);
  order(stage, { type: 'acknowledge' });
  const from = stage.now();
  stage.pass(8_000);
  expect(since(stage, from)).toEqual([]);
  order(stage, { type: 'withdraw' });
  expect(stage.incident()).toMatchObject({ acknowledged: null });
  stage.pass(minute);
  expect(since(stage, from)).toEqual(['raised to state']);
  expect(deeds(stage)).toEqual(['acknowledged Asha', 'withdrawn Asha']);
});

test('R21 a fault that was reported as fixed and persists is reopened after five minutes; its reporter is notified once, then the next level', () => {
  const stage = broken();
  order(stage, { type: 'fixed' });
  const from = stage.now();
  stage.live(4 * minute);
  expect([stage.incident()?.acknowledged?.by, since(stage, from)]).toEqual(['Asha', []]);
  stage.live(2 * minute);
  expect(since(stage, from)).toEqual(['raised reopened to asha']);
  stage.live(20 * minute);
  expect(since(stage, from)).toEqual(['raised reopened to asha', 'raised reopened to state']);
  expect(stage.incident()).toMatchObject({ acknowledged: null, over: null });
  expect(deeds(stage)).toEqual(['acknowledged Asha', 'fixed Asha', 'reopened Asha']);
});

test('R14 a reported repair of an offline PC is judged only after the PC was seen again, unless its fault is silence', () => {
  const stage = broken();
  stage.lost();
  order(stage, { type: 'fixed' });
  const from = stage.now();
  stage.pass(10 * minute);
  expect(since(stage, from).filter((one) => one.includes('reopened'))).toEqual([]);
  order(stage, { type: 'fixed' });
  stage.pass(6 * minute);
  expect(since(stage, from).filter((one) => one.includes('reopened'))).toEqual(['raised reopened to asha']);
});

test('an assigned person is notified once, and the earlier acknowledgement is removed', () => {
  const stage = broken();
  order(stage, { type: 'acknowledge' });
  const from = stage.now();
  order(stage, { type: 'assign', by: 'Meera', to: 'tashi' });
  expect(since(stage, from)).toEqual(['raised assigned to tashi']);
  expect(stage.incident()).toMatchObject({ acknowledged: null, assigned: { to: 'tashi', by: 'Meera' } });
  order(stage, { type: 'acknowledge', by: 'tashi' });
  stage.live(30 * minute);
  expect(since(stage, from)).toEqual(['raised assigned to tashi']);
});

test('R21 during a snooze nobody is notified of the incident; at its end one message lists all faults, new ones included', () => {
  const stage = withLevels(online());
  stage.state([ok('microphone'), fault('camera.held')]);
  stage.pass(1_000);
  const from = stage.now();
  order(stage, { type: 'snooze', until: from + 2 * hour });
  stage.state([ok('microphone'), fault('camera.held'), fault('pc.load_high', 'load')]);
  stage.live(2 * hour - minute);
  expect(since(stage, from)).toEqual([]);
  stage.live(2 * minute);
  expect(since(stage, from)).toEqual(['raised awake to technician']);
  expect(
    stage
      .outbox()
      .at(-1)
      ?.notice.faults.map((one) => one.fault),
  ).toEqual(['camera.held', 'pc.load_high']);
  expect(deeds(stage)).toEqual(['snoozed Asha', 'awake Asha']);
});

test('R21 a new critical fault ends a snooze at once', () => {
  const stage = withLevels(online());
  stage.state([ok('microphone'), fault('camera.held')]);
  stage.pass(1_000);
  const from = stage.now();
  order(stage, { type: 'snooze', until: from + 2 * hour });
  stage.state([fault('microphone.missing'), fault('camera.held')]);
  stage.live(minute);
  expect(stage.incident()?.snoozed).toBeUndefined();
  expect(since(stage, from)).toEqual(['worsened to technician']);
});

test('R21 at the end of a snooze people are notified of a fault that is younger than its hold only when the hold ends', () => {
  const stage = online();
  stage.setPath(holdFirst);
  stage.state([fault('microphone.missing'), ok('camera')]);
  stage.pass(30_000);
  order(stage, { type: 'snooze', by: 'technician', until: stage.now() + hour });
  stage.live(hour - 30_000);
  stage.state([fault('microphone.missing'), fault('camera.held')]);
  const from = stage.now();
  stage.live(2 * minute);
  const told = stage.outbox().map(({ notice, createdAt }) => [(createdAt - from) / 1_000, ...notice.faults.map((one) => one.fault)]);
  expect(told.slice(1)).toEqual([
    [30, 'microphone.missing'],
    [60, 'camera.held'],
  ]);
});
