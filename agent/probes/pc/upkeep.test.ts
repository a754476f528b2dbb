import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import host from 'node:process';
import { type Clock, coreReasonText, realClock } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createLinux } from '../../platform/linux/linux.ts';
import { tree } from '../../platform/linux/tree.test-helper.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createUpkeep } from './pc.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const uptime = { 'proc/uptime': '100000.00 1.00\n' };
const cpu = (at: number, name: string) => `sys/devices/system/cpu/cpu${at}/thermal_throttle/${name}_throttle_total_time_ms`;

function pc(entries: Record<string, string>, root = tree({ 'bin/note': '', ...entries })) {
  const time = { now: Date.now(), up: 0, slept: 0 };
  const clock: Clock = { ...realClock(), now: () => time.now, up: () => time.up, slept: () => time.slept };
  const platform = createLinux({ root, env: { PATH: `${root}/bin:/usr/bin:/bin` }, clock });
  const upkeep = createUpkeep(clock);
  const look = async (device: string) => {
    const found = await upkeep(platform, AbortSignal.timeout(5_000));
    const { status, fault, reason } = found.find((one) => one.device === device) ?? {};
    return fault ?? (reason ? `${status}: ${reason}` : status);
  };
  return { root, time, look };
}

it('the PC probe returns no maintenance checks if the PC has none of their data sources, or its system is unsupported', async () => {
  const clock = realClock();
  expect(await createUpkeep(clock)(createUnsupported(), AbortSignal.timeout(1_000))).toEqual([]);
  const bare = createLinux({ root: tree({ 'proc/version': '' }), env: { PATH: '' }, clock });
  expect(await createUpkeep(clock)(bare, AbortSignal.timeout(5_000))).toEqual([]);
});

it('the PC probe reports pc.restart_pending if a restart is pending for more than a week', async () => {
  const { look, time } = pc({ 'run/reboot-required': '*** System restart required ***\n' });
  expect(await look('restart')).toBe('ok: a restart waits');
  time.now += 7 * dayMs + hourMs;
  expect(await look('restart')).toBe('pc.restart_pending');
  expect(await pc({ 'usr/share/update-notifier/note': '' }).look('restart')).toBe('ok');
});

it('the PC probe reports pc.restart_planned at once if the system will restart automatically', async () => {
  const waits = { 'run/reboot-required': '' };
  const apt = (said: string) => ({ 'etc/apt/apt.conf.d/50unattended-upgrades': said });
  const automatic = 'Unattended-Upgrade::Automatic-Reboot "true";\n';
  expect(await pc({ ...waits, ...apt(automatic) }).look('restart')).toBe('pc.restart_planned');
  expect(await pc({ 'usr/share/update-notifier/note': '', ...apt(automatic) }).look('restart')).toBe('ok');
  const commented = apt(`//${automatic}Unattended-Upgrade::Automatic-Reboot-Time "02:00";\n`);
  expect(await pc({ ...waits, ...commented }).look('restart')).toBe('ok: a restart waits');
  const overruled = { ...apt(automatic), 'etc/apt/apt.conf.d/99local': 'Unattended-Upgrade::Automatic-Reboot "false";\n' };
  expect(await pc({ ...waits, ...overruled }).look('restart')).toBe('ok: a restart waits');
  const scheduled = (mode: string) => ({ 'run/systemd/shutdown/scheduled': `USEC=1790000000000000\nWARN_WALL=1\nMODE=${mode}\n` });
  expect(await pc(scheduled('reboot')).look('restart')).toBe('pc.restart_planned');
  expect(await pc(scheduled('poweroff')).look('restart')).toBeUndefined();
});

it('the PC probe reports pc.throttled if the processor is throttled for more than a tenth of the time', async () => {
  const { look, time, root } = pc({ [cpu(0, 'core')]: '500\n', [cpu(1, 'core')]: '40\n', [cpu(1, 'package')]: '900\n' });
  const count = (ms: number) => writeFileSync(join(root, cpu(1, 'package')), `${ms}\n`);
  expect(await look('speed')).toBe('unknown: measured from the second check on');
  for (const [ms, said] of [
    [900, 'ok'],
    [3_900, 'ok'],
    [6_901, 'pc.throttled'],
    [6_901, 'ok'],
  ] as const) {
    time.up += 30_000;
    count(ms);
    expect(await look('speed'), `${ms}`).toBe(said);
  }
});

it('the PC probe reports pc.crashed for a day after a crash that the kernel recorded', async () => {
  const at = (path: string, agoMs: number) => {
    const { root, look, time } = pc({ 'var/crash/note': '', [path]: 'Oops' });
    utimesSync(join(root, path), 0, (time.now - agoMs) / 1_000);
    return look('start');
  };
  expect(await pc({ 'var/crash/_usr_bin_zoom.1000.crash': 'x' }).look('start')).toBe('ok');
  for (const path of ['sys/fs/pstore/dmesg-efi-171', 'var/lib/systemd/pstore/171', 'var/crash/202611270930']) {
    expect(await at(path, 23 * hourMs), path).toBe('pc.crashed');
    expect(await at(path, 25 * hourMs), path).toBe('ok');
  }
  expect(await at('sys/fs/pstore/console-ramoops-0', 0)).toBe('ok');
});

const disk = (name: string, more: Record<string, string> = {}) => ({ [`sys/block/${name}/removable`]: '0\n', ...more });
const said = (agoSeconds: number, text: string) => `3,1,${(100_000 - agoSeconds) * 1e6},-;${text}\n SUBSYSTEM=block\n`;
const logOf = (...lines: string[]) => ({ ...uptime, 'dev/kmsg': lines.join('') });
const errors = (name: string, ago = 60) => said(ago, `I/O error, dev ${name}, sector 12345 op 0x0:(READ) flags 0x0`).repeat(3);

it('the PC probe reports pc.disk_failing for an error of the file system, the RAID array or the kernel log', async () => {
  expect(await pc({ 'sys/fs/ext4/sda2/errors_count': '0\n', 'sys/fs/ext4/features/lazy': '' }).look('health')).toBe('ok');
  expect(await pc({ 'sys/fs/ext4/sda2/errors_count': '4\n' }).look('health')).toBe('pc.disk_failing');
  const array = (state: string) => ({ 'proc/mdstat': `md0 : active raid1 sdb1[1]\n      976 blocks super 1.2 [2/1] [${state}]\n` });
  expect(await pc(array('UU')).look('health')).toBe('ok');
  expect(await pc(array('_U')).look('health')).toBe('pc.disk_failing');
  expect(await pc({ ...disk('sda'), ...logOf(errors('sda')) }).look('health')).toBe('pc.disk_failing');
  expect(await pc({ ...disk('sda'), ...logOf(said(60, 'critical medium error, dev sda1, sector 9').repeat(3)) }).look('health')).toBe(
    'pc.disk_failing',
  );
});

it('the PC probe does not report pc.disk_failing for a single or old error, or an error of a removable or USB disk', async () => {
  const one = said(60, 'I/O error, dev sda, sector 1 op 0x0:(READ)');
  expect(await pc({ ...disk('sda'), ...logOf(one) }).look('health')).toBe('ok');
  expect(await pc({ ...disk('sda'), ...logOf(errors('sda', 87_000)) }).look('health')).toBe('ok');
  expect(await pc({ ...disk('sda'), ...logOf(errors('sdb')) }).look('health')).toBe('ok');
  expect(await pc({ ...disk('sda'), ...logOf(errors('sdaa')) }).look('health')).toBe('ok');
  expect(await pc({ 'sys/block/sda/removable': '1\n', ...logOf(errors('sda')) }).look('health')).toBe('ok');
  const root = tree({ ...logOf(errors('sdc')), 'sys/devices/usb1/1-2/block/sdc/removable': '0\n', 'sys/block/note': '' });
  symlinkSync('../devices/usb1/1-2/block/sdc', join(root, 'sys/block/sdc'));
  expect(await pc({}, root).look('health')).toBe('ok');
});

it('the PC probe reads once in ten minutes whether a disk predicts its failure, and ignores an unreadable output', async () => {
  const face = (name: string, props: object) => ({ [`org.freedesktop.UDisks2.${name}`]: props });
  const printed = (faces: object) => JSON.stringify({ type: 'a{oa{sa{sv}}}', data: [{ '/drives/one': faces }] });
  const drive = face('Drive', { Model: { type: 's', data: 'WDC 10EZEX' } });
  const ata = (isFailing: boolean) => printed({ ...drive, ...face('Drive.Ata', { SmartFailing: { type: 'b', data: isFailing } }) });
  const nvme = (...warnings: string[]) =>
    printed({ ...drive, ...face('NVMe.Controller', { SmartCriticalWarning: { type: 'as', data: warnings } }) });
  const saying = (text: string) => {
    const made = pc({ 'bin/said': text });
    writeFileSync(join(made.root, 'bin/busctl'), `#!/bin/sh\nexec cat "${made.root}/bin/said"\n`);
    chmodSync(join(made.root, 'bin/busctl'), 0o755);
    return made;
  };
  for (const well of [ata(false), nvme(), nvme('temperature')]) expect(await saying(well).look('health')).toBe('ok');
  for (const text of ['', '{}', '[]', '{"data":[{"/x":1}]}', '{"data":[]}']) expect(await saying(text).look('health')).toBeUndefined();
  const { look, root, time } = saying(ata(true));
  expect(await look('health')).toBe('pc.disk_failing');
  writeFileSync(join(root, 'bin/said'), nvme('spare'));
  expect(await look('health')).toBe('pc.disk_failing');
  writeFileSync(join(root, 'bin/said'), ata(false));
  expect(await look('health')).toBe('pc.disk_failing');
  time.up += 600_000;
  expect(await look('health')).toBe('ok');
  writeFileSync(join(root, 'bin/said'), 'no answer');
  time.up += 600_000;
  expect(await look('health')).toBe('unknown: this system does not report the state of its disks');
  expect(coreReasonText('WDC 10EZEX: predicts its own failure', 'hi')).toMatch(/^WDC 10EZEX: डिस्क/);
});

it('F28 the PC probe reports pc.sleeps if the PC is set to sleep, or slept in the last day', async () => {
  const conf = (said: string) => ({ 'etc/systemd/logind.conf': `[Login]\n#IdleAction=suspend\n${said}\n` });
  expect(await pc(conf('')).look('sleep')).toBe('ok');
  expect(await pc(conf('IdleAction=suspend')).look('sleep')).toBe('pc.sleeps');
  expect(await pc({ ...conf('IdleAction=suspend'), 'etc/systemd/logind.conf.d/local.conf': 'IdleAction=ignore\n' }).look('sleep')).toBe(
    'ok',
  );
  const masked = pc(conf('IdleAction=suspend'));
  mkdirSync(join(masked.root, 'etc/systemd/system'));
  symlinkSync('/dev/null', join(masked.root, 'etc/systemd/system/sleep.target'));
  expect(await masked.look('sleep')).toBe('ok');
  const gnome = (type: string, seconds: number, desktop = 'ubuntu') => {
    const made = pc({
      ...conf(''),
      'run/systemd/seats/seat0': 'ACTIVE=2\n',
      'run/systemd/sessions/2': `UID=${host.getuid?.()}\nSTATE=active\nCLASS=user\nDESKTOP=${desktop}\n`,
      'bin/said': `org.x sleep-inactive-ac-type '${type}'\norg.x sleep-inactive-ac-timeout ${seconds}\norg.x sleep-inactive-battery-type 'suspend'\n`,
    });
    writeFileSync(join(made.root, 'bin/gsettings'), `#!/bin/sh\nexec cat "${made.root}/bin/said"\n`);
    chmodSync(join(made.root, 'bin/gsettings'), 0o755);
    return made.look('sleep');
  };
  expect(await gnome('suspend', 900)).toBe('pc.sleeps');
  expect(await gnome('nothing', 900)).toBe('ok');
  expect(await gnome('suspend', 0)).toBe('ok');
  expect(await gnome('suspend', 900, 'KDE')).toBe('ok');
  const { look, time } = pc(conf(''));
  time.slept = 59_000;
  expect(await look('sleep')).toBe('ok');
  time.slept += hourMs;
  expect(await look('sleep')).toBe('pc.sleeps');
  time.up += dayMs;
  expect(await look('sleep')).toBe('ok');
});
