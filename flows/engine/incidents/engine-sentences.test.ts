import { describe, expect, it } from 'vitest';
import { fault, ok, online, pc, second } from './stage.test-helper.ts';

describe('faults that the messages about a room list', () => {
  it('people are not notified of the end of a fault while a worse fault remains; the all-clear lists both', () => {
    const stage = online();
    stage.state([fault('power.on_battery', 'mains'), ok('power', 'battery')]);
    stage.state([fault('power.on_battery', 'mains'), fault('power.battery_low', 'battery')]);
    stage.state([ok('power', 'mains'), fault('power.battery_low', 'battery')]);
    stage.pass(20 * second);
    expect(stage.kinds()).toEqual(['raised', 'worsened']);
    stage.state([ok('power', 'mains'), ok('power', 'battery')]);
    stage.pass(40 * second);
    expect(stage.kinds()).toEqual(['raised', 'worsened', 'cleared']);
    expect(
      stage
        .outbox()
        .at(-1)
        ?.notice.faults.map(({ fault: id }) => id),
    ).toEqual(['power.battery_low', 'power.on_battery']);
  });

  it('a fault that ended while a worse one was present is reported as eased together with the worse one', () => {
    const stage = online();
    stage.state([fault('microphone.muted'), fault('camera.missing'), fault('pc.disk_full', 'disk')]);
    stage.state([ok('microphone'), fault('camera.missing'), fault('pc.disk_full', 'disk')]);
    stage.pass(10 * second);
    expect(stage.kinds()).toEqual(['raised']);
    stage.state([ok('microphone'), ok('camera'), fault('pc.disk_full', 'disk')]);
    stage.pass(10 * second);
    expect(stage.kinds()).toEqual(['raised', 'eased']);
    expect(
      stage
        .outbox()
        .at(-1)
        ?.notice.faults.map(({ fault: id }) => id),
    ).toEqual(['microphone.muted', 'camera.missing']);
  });

  it('a new fault is reported as worsened to recipients of the incident, and as raised with all open faults to new recipients', () => {
    const stage = online();
    stage.state([fault('microphone.muted'), ok('camera')]);
    stage.setPath(({ message }) => ({
      acts: [{ do: 'deliver', channel: 'email', to: ['technician', 'state'], severity: message.severity }],
    }));
    stage.state([fault('microphone.muted'), fault('camera.missing')]);
    const said = stage.outbox().slice(1);
    expect(said.map(({ person, notice }) => [person, notice.kind, notice.faults.map(({ fault: id }) => id)])).toEqual([
      ['technician', 'worsened', ['camera.missing']],
      ['state', 'raised', ['camera.missing', 'microphone.muted']],
    ]);
  });

  it('the next message of a room lists the last three earlier faults, newest first', () => {
    const stage = online();
    const ids = ['microphone.muted', 'camera.missing', 'display.missing', 'microphone.missing'] as const;
    for (const id of ids) {
      stage.state([fault(id)]);
      stage.pass(second);
      stage.state([ok(id.split('.')[0] ?? '')]);
      stage.live(40 * 60 * second);
    }
    stage.state([fault('pc.disk_full', 'disk')]);
    const raised = stage.outbox().filter(({ notice }) => notice.kind === 'raised');
    expect(raised[0]?.notice.before).toBeUndefined();
    expect(raised.at(-1)?.notice.before?.map(({ fault: id }) => id)).toEqual([ids[3], ids[2], ids[1]]);
    expect(stage.engine.memory.pcs.get(pc)?.past).toHaveLength(3);
  });
});
