/** The seat in the session of somebody who is signed in, in a copy of this Debian where systemd runs, as the manager of that user starts it. */
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeSigningKeys } from '#contracts';
import { packDeb } from '../../agent/install/deb.ts';
import { pack } from '../../agent/install/pack.ts';
import { boot, mayBoot } from './booted.ts';
import { installed, requirePart } from './parts.ts';

const tools = ['systemctl', 'dpkg', 'dpkg-deb', 'strip', 'adduser', 'runuser', 'setpriv', 'nsenter', 'unshare'];
const runs = mayBoot(requirePart('Debian with systemd, binutils and util-linux (root)', installed(tools) && process.getuid?.() === 0));
const patience = { timeout: 60_000, interval: 200 };

describe.runIf(runs)('the seat of the room', { timeout: 600_000 }, () => {
  test('never started under the manager of a user, which may drop no capabilities', async () => {
    // Beside the sources: the copy sees the files of this machine, but not its /tmp.
    const folder = mkdtempSync(join(import.meta.dirname, '../../node_modules/.cache/sabha-seat-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const key = createPrivateKey(makeSigningKeys().privateKey);
    await pack({ out: folder, version: '0.1.0', minimum: '0.0.0', expires: Date.now() * 2, key });
    const deb = await packDeb({ out: folder, version: '0.1.0', key, fast: true });
    if (!deb.ok) throw new Error(deb.line);
    const machine = await boot();
    onTestFinished(() => machine.remove());
    const done = async (script: string) => {
      const ran = await machine.sh(script);
      expect(ran.code, `${script}: ${ran.err}`).toBe(0);
      return ran.out.trim();
    };
    await done(`dpkg -i ${deb.file}`);
    await done('useradd --create-home clerk');
    await done('systemctl start user@$(id -u clerk).service');
    const ofClerk = (call: string) =>
      machine.sh(`runuser -u clerk -- env XDG_RUNTIME_DIR=/run/user/$(id -u clerk) systemctl --user ${call}`);
    const state = async () => (await ofClerk('show --property ActiveState,NRestarts,Result sabha-room')).out.trim().split('\n').sort();
    await expect.poll(state, patience).toEqual(['ActiveState=active', 'NRestarts=0', 'Result=success']);
    const said = async () => (await machine.sh('journalctl --no-pager --output cat')).out;
    await expect.poll(said, patience).toContain('"part":"room","msg":"ready"');
  });
});
