/** Tests that a full disk neither damages the identity of the agent nor its choice of the version to start. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { enrol, renew } from '../../agent/identity/enrol.ts';
import { openIdentity } from '../../agent/identity/identity.ts';
import { chooseBundle } from '../../agent/maintain/update/launch.ts';
import { openSlots } from '../../agent/maintain/update/slots.ts';
import { createAuthority } from '../security/authority.ts';
import { startCentreOfCertificates } from '../security/centre-of-certificates.ts';
import { requirePart } from './parts.ts';

function smallDisk() {
  const at = mkdtempSync(join(tmpdir(), 'full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', at]);
  onTestFinished(() => {
    execFileSync('umount', [at]);
    rmSync(at, { recursive: true });
  });
  const filler = join(at, 'filler');
  const fill = () => expect(() => writeFileSync(filler, Buffer.alloc(2 ** 20))).toThrow('ENOSPC');
  return { at, fill, free: () => rmSync(filler) };
}

function canMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'none', at], { stdio: 'ignore' });
    execFileSync('umount', [at]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(at, { recursive: true });
  }
}

describe.runIf(requirePart('mount (as root)', canMount()))('an agent on a full disk', () => {
  test('F5 requests no renewal of the certificate and keeps the current identity whole', async () => {
    const { at, fill, free } = smallDisk();
    const centre = await startCentreOfCertificates({ authority: await createAuthority('Sabha'), pc: 'ladakh.leh.pc-1', mqttPort: 8883 });
    onTestFinished(centre.stop);
    const folder = join(at, 'identity');
    const office = { host: 'localhost', port: centre.port };
    const first = await enrol({ code: centre.code, centre: office, pc: 'ladakh/leh/pc-1', folder, again: false });
    if (!first.ok) throw new Error(first.line);
    const asked = centre.state.asked.length;
    fill();
    expect(await renew(first.value, folder)).toEqual({ ok: false, line: `${folder}: cannot be written: ENOSPC` });
    expect(centre.state.asked).toHaveLength(asked);
    expect(openIdentity(folder)).toEqual(first);
    free();
    expect(await renew(first.value, folder)).toMatchObject({ ok: true });
  });

  test('F5, F25 starts the version in use, and the new version once there is space', () => {
    const { at, fill, free } = smallDisk();
    const slots = openSlots(join(at, 'update'));
    const bring = (version: string) => {
      const { slot, file } = slots.vacant();
      writeFileSync(file, version);
      slots.tryNext({ slot, version, sha256: createHash('sha256').update(version).digest('hex') }, '0.0.0');
      return file;
    };
    const inUse = bring('1.0.0');
    slots.prove();
    const next = bring('2.0.0');
    fill();
    const said: string[] = [];
    const start = () => chooseBundle(slots, true, (error) => said.push((error as NodeJS.ErrnoException).code ?? ''));
    expect([start(), start(), start()].map(({ file }) => file)).toEqual([inUse, inUse, inUse]);
    expect(new Set(said)).toEqual(new Set(['ENOSPC']));
    free();
    expect(start()).toEqual({ file: next, trial: '2.0.0' });
  });
});
