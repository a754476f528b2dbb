// @module-tag long
/** Tests the server on a full disk, in a small separate file system. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faults, type PcView, type Snapshot } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { installed, requirePart } from '../real/parts.ts';
import { createSite, isStarved, isUp, startCentre } from './centre-under-test.ts';
import { openMailbox } from './mailbox.ts';

const canMount = requirePart(
  'a file system of one’s own (root, unshare, mount)',
  process.getuid?.() === 0 && installed(['unshare', 'mount']),
);

test.runIf(canMount)(
  'a full disk is reported to central once, other parts continue, and the server recovers when there is space',
  async () => {
    const mailbox = await openMailbox();
    // This PC expects no devices, because an incident of the PC would also send a mail.
    const own = { profile: { expected: {} } };
    const settings = {
      site: own,
      people: [{ id: 'meera', name: 'meera', role: 'central', email: 'meera@office.test' }],
      channels: { email: { port: mailbox.port } },
    };
    const site = await createSite(settings, { SABHA_SPEED: '5' });
    const flowsDir = join(site.data, 'flows');
    mkdirSync(flowsDir, { recursive: true });
    try {
      const script = `mount -t tmpfs -o size=8m tmpfs '${flowsDir}' && exec '${process.execPath}' start.ts`;
      const centre = startCentre(site, { program: 'unshare', args: ['--mount', 'sh', '-c', script] });
      await isUp(centre);
      const others = ['broker', 'dashboards'].map(centre.pidOf);
      const filler = join(`/proc/${centre.pid}/root`, flowsDir, 'filler');
      fill(filler);
      const ready = async () => (await fetch(`http://127.0.0.1:${site.ports.api}/readyz`)).json();
      await expect.poll(ready, { timeout: 20_000 }).toEqual({ ready: false, because: expect.stringMatching(/\bfull\b/) });
      const order = await fetch(`http://127.0.0.1:${site.ports.api}/api/accounts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'ravi', role: 'reader', scope: '', by: 'meera' }),
      });
      expect([order.status, ((await order.json()) as { error: string }).error]).toEqual([
        503,
        expect.stringMatching(/^the server cannot do this now: .*full/),
      ]);
      const stir = async () => {
        await expect.poll(() => centre.pidOf('agent')).not.toBe(0);
        process.kill(centre.pidOf('agent') || Number.NaN, 'SIGKILL');
      };
      const isSlow = (subject: string) => isStarved(centre) && subject.includes(faults['centre.slow'].title.en);
      // On a busy machine a mail may be sent twice with one key, so duplicates are removed.
      const told = () => [...new Map(mailbox.mails.filter(({ subject }) => !isSlow(subject)).map((mail) => [mail.key, mail])).values()];
      await stir();
      await centre.says('the ledger stored nothing: ledger: database or disk is full');
      await expect.poll(() => told().length, { timeout: 40_000 }).toBe(1);
      expect(told()[0]).toMatchObject({
        to: 'meera@office.test',
        subject: expect.stringContaining('The disk of the server is full'),
      });
      await centre.says('Critical: The disk of the server is full');
      await centre.says(() => centre.lines.filter(({ msg }) => msg.startsWith('the ledger stored nothing')).length >= 2);
      expect(await centre.api('/healthz')).toEqual({ alive: true });
      expect(['broker', 'dashboards'].map(centre.pidOf)).toEqual(others);
      rmSync(filler);
      const { at: freedAt } = await centre.api<Snapshot>('/api/snapshot');
      await stir();
      const pc = async () => (await centre.api<PcView[]>('/api/pcs'))[0];
      await expect.poll(async () => ((await pc())?.heardAt ?? 0) > freedAt && (await pc())?.presence, { timeout: 40_000 }).toBe('online');
      expect(told().map(({ subject }) => subject)).toEqual([expect.stringContaining('The disk of the server is full')]);
      await centre.stop();
    } finally {
      site.remove();
      await mailbox.close();
    }
  },
);

function fill(file: string): void {
  try {
    for (;;) writeFileSync(file, Buffer.alloc(4096), { flag: 'a' });
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  }
}
