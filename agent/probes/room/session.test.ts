import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createSessionProbe } from './session.ts';
import { pcOf } from './usb.test-helper.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const seat = (active: string, sessions = active) => ({
  'run/systemd/seats/seat0': `# private\nIS_SEAT0=1\n${active && `ACTIVE=${active}\n`}SESSIONS=${sessions}\n`,
});
const one = (id: string, kind: string, state = 'active') => ({
  [`run/systemd/sessions/${id}`]: `UID=1000\nUSER=kiosk\nSTATE=${state}\nCLASS=${kind}\nSEAT=seat0\n`,
});

/** Creates a PC whose logind reports `hint` as the lock state of session 2. */
function pc(entries: Record<string, string>, hint = 'no', expected: Profile['expected'] = { camera: [{}] }) {
  const { root } = pcOf({ ...entries, 'bin/hint': `${hint}\n` });
  writeFileSync(
    join(root, 'bin/loginctl'),
    `#!/bin/sh\n[ "$*" = "show-session 2 --property=LockedHint --value" ] && exec cat "${root}/bin/hint"\n`,
  );
  chmodSync(join(root, 'bin/loginctl'), 0o755);
  const probe = createSessionProbe();
  const { platform } = pcOf({}, { PATH: `${root}/bin:/usr/bin:/bin` }, root);
  const look = async () => {
    const profile: Profile = { link: 'fibre', elevationM: 0, expected };
    const { checks } = await probe.run({ platform, profile, self, signal: AbortSignal.timeout(5_000) });
    return checks.map(({ status, fault, reason }) => fault ?? (reason ? `${status}: ${reason}` : status));
  };
  return { root, look };
}
const look = (...args: Parameters<typeof pc>) => pc(...args).look();

it('the session probe reports session.none if only the login screen or nothing runs', async () => {
  expect(await look({ ...seat('c1'), ...one('c1', 'greeter') })).toEqual(['session.none']);
  expect(await look(seat(''))).toEqual(['session.none']);
  expect(await look({ ...seat('2'), ...one('2', 'user', 'closing') })).toEqual(['session.none']);
});

it('the session probe reports session.locked behind a lock screen or a login screen, and ok with an open screen', async () => {
  const signedIn = { ...seat('2'), ...one('2', 'user') };
  expect(await look(signedIn)).toEqual(['ok']);
  expect(await look(signedIn, 'yes')).toEqual(['session.locked']);
  expect(await look({ ...seat('c1', '2 c1'), ...one('c1', 'greeter'), ...one('2', 'user', 'online') })).toEqual(['session.locked']);
});

it('the session probe reports unknown if logind gives no lock hint; without a seat or expected devices the PC has no session check', async () => {
  const signedIn = { ...seat('2'), ...one('2', 'user') };
  const { look: again, root } = pc(signedIn);
  expect(await again()).toEqual(['ok']);
  writeFileSync(join(root, 'bin/hint'), 'perhaps\n');
  expect(await again()).toEqual(['unknown: logind does not say whether the screen is locked']);
  rmSync(join(root, 'run'), { recursive: true });
  expect(await again()).toEqual(['unknown: this PC has no seat']);
  expect(await look({})).toEqual([]);
  for (const expected of [{}, { camera: [], display: [] }]) expect(await look(signedIn, 'no', expected)).toEqual([]);
});

it('S13 the session probe treats a session id that contains a command as no session', async () => {
  for (const id of ['2; touch x', '../../../etc/passwd', '--help', '$(reboot)'])
    expect(await look({ ...seat(id), ...one('2', 'user') }), id).toEqual(['session.none']);
});
