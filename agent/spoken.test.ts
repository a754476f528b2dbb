import { type Check, meetingComponents } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createTerminalOutput, type FollowedAgent } from './spoken.ts';

const ok = (component: string): Check => ({ component, device: '', status: 'ok', fault: null, reason: null });
const well = meetingComponents.map(ok);
const noCamera: Check[] = [...well, { ...ok('camera'), device: 'expected-1', status: 'fault', fault: 'camera.missing' }];

function open(args: string[] = []) {
  const said: string[] = [];
  const due: (() => void)[] = [];
  const room = { up: 0, checks: well, heard: false };
  const clock = {
    now: () => 0,
    up: () => room.up,
    after(_ms: number, task: () => void) {
      due.push(task);
      return () => undefined;
    },
  };
  const log = (line: string) => void said.push(line.replace(/^\d\d:\d\d:\d\d {2}/, '| '));
  const voice = createTerminalOutput({
    args,
    env: { LANG: 'C' },
    clock,
    out: { log, error: (line: string) => void said.push(`! ${line}`) },
  });
  const followed: FollowedAgent = {
    centre: { host: 'centre.test', port: 8_883 },
    pc: 'ladakh/leh/vc-1',
    profile: { link: 'fibre', elevationM: 0, expected: {} },
    table: { checks: () => room.checks } as unknown as FollowedAgent['table'],
    isBirthAcknowledged: () => room.heard,
  };
  voice.follow(followed);
  const look = (times = 2) => {
    for (let n = 0; n < times; n += 1) {
      room.up += 1_500;
      for (const task of due.splice(0)) task();
    }
  };
  return { voice, said, room, look };
}

test('createTerminalOutput prints plain text for a person at a terminal', () => {
  const { voice, said, room, look } = open();
  voice.log.info({ pc: 'ladakh/leh/vc-1', version: '0.1.0' }, 'ready');
  voice.log.warn({ waitMs: 3_400, refused: false }, 'not connected: connect ECONNREFUSED 192.0.2.1:8883');
  voice.log.info({ session: 7 }, 'connected');
  voice.log.warn({ waitMs: 900, refused: false }, 'not connected: the link is of another class, with another keepalive');
  look();
  room.heard = true;
  look();
  room.checks = noCamera;
  look(5);
  room.checks = well;
  look();
  voice.fatal('data/agent/spool.db: another agent runs on this folder (the database is locked)');
  expect(said).toEqual([
    '| ladakh/leh/vc-1: the agent 0.1.0 runs; Ctrl+C ends it',
    '| not connected: nothing listens on this port: check address and port; next try in 4 s',
    '| connected to centre.test:8883',
    '| the class of the link changed: connecting again; next try in 1 s',
    '| Ready (not proven)',
    '| Not ready: Camera not found',
    '| Ready (not proven)',
    '! data/agent/spool.db: another agent runs here: stop it first',
  ]);
});
