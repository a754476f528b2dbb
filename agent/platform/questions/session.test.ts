/** Tests which user sits at the PC. The test of the session probe covers the screen lock. */

import { realClock } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createLinux } from '../linux/linux.ts';
import { tree } from '../linux/tree.test-helper.ts';
import { atConsole } from './session.ts';

type User = { id: string; uid: number; kind?: string; state?: string };

/** Returns the user at a PC whose seat shows the session of the first of these users. */
function who(...users: User[]) {
  const [first] = users;
  const root = tree({
    'run/systemd/seats/seat0': `IS_SEAT0=1\nACTIVE=${first?.id ?? ''}\nSESSIONS=${users.map(({ id }) => id).join(' ')}\n`,
    ...Object.fromEntries(
      users.map(({ id, uid, kind = 'user', state = 'online' }) => [
        `run/systemd/sessions/${id.replaceAll('/', '-')}`,
        `UID=${uid}\nSTATE=${state}\nCLASS=${kind}\n`,
      ]),
    ),
  });
  return createLinux({ root, env: {}, clock: realClock() }).ask(atConsole, AbortSignal.timeout(5_000));
}
const greeter: User = { id: 'c1', uid: 110, kind: 'greeter' };

it('the session reader returns the user with the active session if several users are signed in', async () => {
  expect(await who({ id: '2', uid: 1_000 }, { id: '3', uid: 1_001 })).toEqual({ known: true, value: 1_000 });
  expect(await who({ id: '3', uid: 1_001, kind: 'user-early' }, { id: '2', uid: 1_000 })).toEqual({ known: true, value: 1_001 });
});

it('the session reader returns the only signed-in user while the login screen is shown, and nobody if several are signed in', async () => {
  expect(await who(greeter, { id: '2', uid: 1_000 }, { id: '5', uid: 1_000 })).toEqual({ known: true, value: 1_000 });
  expect(await who(greeter, { id: '2', uid: 1_000 }, { id: '3', uid: 1_001 })).toEqual({ known: true, value: null });
  expect(await who(greeter, { id: '2', uid: 1_000, state: 'closing' })).toEqual({ known: true, value: null });
  expect(await who()).toEqual({ known: true, value: null });
});

it('S13 S15 the session reader returns no user for a session with an invalid id or uid, and unknown without a seat', async () => {
  expect(await who({ id: '../../etc/passwd', uid: 0 })).toEqual({ known: true, value: null });
  for (const uid of [Number.NaN, -1, 1.5]) expect(await who({ id: '2', uid })).toEqual({ known: true, value: null });
  const bare = createLinux({ root: tree({ note: '' }), env: {}, clock: realClock() });
  expect(await bare.ask(atConsole, AbortSignal.timeout(5_000))).toEqual({ known: false, reason: 'this PC has no seat' });
});
