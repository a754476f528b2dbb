import { describe, expect, test } from 'vitest';
import { type EngineStage, fault, holdFirst, ok, online, pc, unknown } from '../incidents/stage.test-helper.ts';
import type { Incident } from '../records/incidents.ts';
import { notifiedOutage } from './delivery.ts';

const minute = 60_000;
const last = (stage: EngineStage) => stage.outbox().at(-1)?.notice;

test('the message that a fault has eased lists the faults that remain', () => {
  const stage = online();
  stage.state([fault('camera.missing'), fault('pc.load_high', ''), ok('microphone')]);
  stage.state([ok('camera'), fault('pc.load_high', ''), ok('microphone')]);
  stage.live(3 * minute);
  expect(last(stage)).toMatchObject({ kind: 'eased', faults: [{ fault: 'camera.missing' }], rest: [{ fault: 'pc.load_high' }] });
});

test('the first message about a room lists a minor fault that began during the hold of the message', () => {
  const stage = online();
  stage.setPath(holdFirst);
  stage.state([fault('microphone.volume_low'), ok('camera')]);
  stage.live(70_000);
  stage.state([fault('microphone.volume_low'), fault('camera.held')]);
  stage.live(30 * minute);
  const listed = stage.outbox().flatMap(({ notice }) => notice.faults.map((one) => one.fault));
  expect(listed.sort()).toEqual(['camera.held', 'microphone.volume_low']);
});

test('people are not notified again of a minor fault that the first message of an incident listed, but of a later minor fault', () => {
  const stage = online();
  stage.setPath(holdFirst);
  stage.state([fault('pc.load_high', ''), ok('microphone'), ok('camera')]);
  stage.live(5_000);
  stage.state([fault('pc.load_high', ''), fault('microphone.missing'), ok('camera')]);
  stage.live(10 * minute);
  const [first, ...others] = stage.outbox().map(({ notice }) => notice);
  expect(first).toMatchObject({ kind: 'raised', faults: [{ fault: 'microphone.missing' }, { fault: 'pc.load_high' }] });
  expect(others).toEqual([]);
  stage.state([fault('pc.load_high', ''), ok('microphone'), ok('camera')]);
  stage.live(10 * minute);
  expect(stage.outbox().map(({ notice }) => notice.kind)).toEqual(['raised', 'eased']);
  stage.state([ok('pc', ''), ok('microphone'), ok('camera')]);
  stage.live(30 * minute);
  stage.state([fault('pc.load_high', ''), ok('microphone'), ok('camera')]);
  stage.live(30 * minute);
  expect(stage.outbox().map(({ notice }) => notice.kind)).toEqual(['raised', 'eased', 'cleared', 'raised']);
});

describe('notifiedOutage: the cause and the start of one outage', () => {
  type Found = { cause: 'power-cut' | 'upstream' | 'pc-off' | 'undetermined'; confidence: number; from: number };
  /** Returns the cause and start in each message of an outage that is judged again each time. The last message reports the end. */
  const toldOf = (found: readonly Found[], before: Partial<Incident> = {}) => {
    let incident = { faults: [], ...before } as unknown as Incident;
    return found.map((one, at) => {
      incident = { ...incident, outage: { ...one, to: null } };
      const { cause, from } = notifiedOutage(incident, at === found.length - 1) as Found;
      const { confidence } = notifiedOutage(incident, false) as Found;
      incident = {
        ...incident,
        toldOutage: { cause: notifiedOutage(incident, false)?.cause ?? cause, confidence },
        toldSince: { from, at: 10 * minute * (at + 1) },
      };
      return `${cause} since ${from / 1_000}`;
    });
  };

  test.each([
    [
      'two reasons that take turns',
      [
        ['power-cut', 0.85, 60],
        ['upstream', 0.8, 30],
        ['power-cut', 0.85, 90],
        ['upstream', 0.8, 60],
      ],
      ['power-cut since 60', 'power-cut since 60', 'power-cut since 60', 'upstream since 60'],
    ],
    [
      'a second outage of one incident',
      [
        ['upstream', 0.9, 60],
        ['pc-off', 0.8, 900],
        ['pc-off', 0.8, 840],
      ],
      ['upstream since 60', 'pc-off since 900', 'pc-off since 900'],
    ],
  ] as const)('notifiedOutage, %s: messages about the causes %j report %j', (_, found, expected) => {
    expect(toldOf(found.map(([cause, confidence, from]) => ({ cause, confidence, from: from * 1_000 })))).toEqual(expected);
  });

  test('the start of the outage is equal in the first message and in the all-clear, even if the PC later reports an earlier start', () => {
    const stage = online();
    stage.apply({ type: 'gasp', pc, boot: 'boot-1', session: 1, runtimeMs: 60_000 });
    stage.pass(20 * minute, 5_000);
    const raised = last(stage);
    const open = stage.incident();
    if (open?.outage === undefined) throw new Error('no outage');
    expect(open.toldSince).toMatchObject({ from: raised?.outage?.from });
    stage.engine.memory.putIncident({ ...open, outage: { ...open.outage, from: open.outage.from - minute } });
    expect(notifiedOutage(stage.incident() as Incident, true)?.from).toBe(raised?.outage?.from);
  });
});

test('an all-clear reports a ready room only if no check of the room is unknown', () => {
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

test('a microphone that breaks three times in an hour is flapping, but not after two breaks; the camera of the room is not flapping', () => {
  const stage = online();
  const [bad, well] = [fault('microphone.missing'), ok('microphone')];
  for (let turn = 0; turn < 2; turn += 1) {
    stage.state([bad, ok('camera')]);
    stage.live(5 * minute);
    expect(last(stage)).toMatchObject({ kind: 'raised', flapping: false });
    stage.state([well, ok('camera')]);
    stage.live(12 * minute);
  }
  stage.state([bad, ok('camera')]);
  // The hourly limit (R27) delays the message.
  stage.live(60 * minute);
  const raised = stage.outbox().findLast(({ notice }) => notice.kind === 'raised')?.notice;
  expect(raised).toMatchObject({ faults: [{ fault: 'microphone.missing' }], flapping: true });
  stage.state([bad, fault('camera.missing')]);
  stage.live(3 * minute);
  expect(stage.incident()).toMatchObject({ flapping: true });
  expect(last(stage)).toMatchObject({ faults: [{ fault: 'camera.missing' }], flapping: false });
});
