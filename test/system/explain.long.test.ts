// @module-tag long
/** Tests `sabha explain` with the real server and tabs: why people were notified yesterday, and what the tabs of today would do. */
import { spawnSync } from 'node:child_process';
import type { Explanation, IncidentRow } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from './centre-under-test.ts';
import { edit, incident, ofRoom, open, receivers, renamed } from './tabs-scene.ts';

/** Returns how many milliseconds ago a clock with this factor must have begun, so that it is one day ahead now. */
const beganBeforeMs = (speed: number) => (24 * 3_600_000) / (speed - 1);

test('an old incident is explained by the tabs of its time, also after a start with edited tabs, and the command sends nothing', async () => {
  const { parts, mailbox, pc, flows, tabs } = await open(onTestFinished);
  const sabha = (...args: string[]) =>
    spawnSync(process.execPath, ['flows/api/cli/cli.ts', ...args], { env: parts.site.env, encoding: 'utf8' });
  const muted = (fault: string | null) => pc.set('microphone', 'room', fault, 'RoomMic');
  muted('microphone.muted');
  await expect.poll(() => receivers(mailbox), { timeout: 40_000 }).toEqual(['asha@office.test']);
  muted(null);
  await expect.poll(() => receivers(mailbox), { timeout: 40_000 }).toEqual(['asha@office.test', 'asha@office.test']);

  const { id = 0 } = (await incident(parts)) ?? {};
  const explained = () => sabha('explain', '--incident', `${id}`).stdout.trimEnd().split('\n');
  const yesterday = explained();
  expect(yesterday).toEqual([
    `incident ${id} of ladakh/leh/pc-1`,
    expect.stringMatching(/ {2}raised: microphone\.muted \(major\)$/),
    expect.stringMatching(/ {2}on hold \(tabs [0-9a-f]{12}\)$/),
    expect.stringMatching(/^ {4}10 Faults: new or worse\?, which site\?, .*the fault's own hold time$/),
    expect.stringMatching(/ {2}told; the next level follows unless acknowledged \(tabs [0-9a-f]{12}\)$/),
    expect.stringMatching(
      /^ {4}35 When: when \| 40 Who: .*urgent: the technician \| 60 Deliver: own-order.* \| 50 Escalate: .*60 min, unless acknowledged$/,
    ),
    expect.stringMatching(/ {2}Told asha \(console\), asha \(e-mail\)\.$/),
    expect.stringMatching(/ {2}cleared: microphone\.muted \(major\)$/),
    expect.stringMatching(/ {2}told \(tabs [0-9a-f]{12}\)$/),
    expect.stringMatching(/^ {4}10 Faults: new or worse\? \| 40 Who: anybody told\?, the same persons \| 60 Deliver: /),
    expect.stringMatching(/ {2}Told asha \(console\), asha \(e-mail\)\.$/),
  ]);
  await flows.end('SIGTERM');
  await pc.stop();

  edit(tabs, (nodes) => nodes.map((node) => renamed(node, 'example/example-office', 'ladakh/leh')));
  const epoch = parts.epochMs - beganBeforeMs(parts.speed);
  await parts.start('flows', { SABHA_TABS: tabs, SABHA_EPOCH: `${epoch}` });
  // Excludes incidents of the server itself, which a busy machine may cause.
  const incidents = async () =>
    (await ask<IncidentRow[]>(parts.site.ports, '/api/incidents')).filter(({ scope }) => scope.startsWith('ladakh'));
  expect(explained()).toEqual(yesterday);
  const today = sabha('explain', 'ladakh/leh/pc-1', 'microphone.muted', '--json');
  const { severity, holdMs, tells } = JSON.parse(today.stdout) as Explanation;
  const mail = (person: string, afterMs: number) => ({ person, channel: 'email', severity: 'critical', afterMs });
  expect({ severity, holdMs }).toEqual({ severity: 'major', holdMs: 30_000 });
  expect(tells.filter(({ channel }) => channel === 'email')).toMatchObject([
    mail('asha', 30_000),
    mail('stanzin', 30_000),
    mail('meera', 45 * 60_000),
  ]);
  expect(tells[0]?.text).toContain('Leh office, Ladakh, Room pc-1\nCritical: Microphone muted in the sound settings\n');
  expect(sabha('explain', '--incident', '999')).toMatchObject({ status: 1, stdout: '', stderr: 'there is no such incident\n' });
  expect(sabha('explain', 'ladakh/nowhere', 'microphone.muted').status).toBe(1);
  // No notification was sent.
  expect(await incidents()).toEqual([]);
  expect(ofRoom(mailbox)).toHaveLength(2);
});
