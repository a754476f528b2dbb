import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Output } from '../child.ts';
import { createBoot } from './boot.ts';
import { tree } from './tree.test-helper.ts';

const now = 1_790_000_000_000;
const base = { 'proc/sys/kernel/random/boot_id': '6f1c2a90-1\n', 'proc/uptime': '600.00 700.00\n' };

function boot(entries: Record<string, string>, said: Output = { ok: true, text: 'running\n' }) {
  const root = tree({ ...base, ...entries });
  const ran: string[] = [];
  const run = async (program: string, args: string[]) => {
    ran.push([program, ...args].join(' '));
    return said;
  };
  return { ...createBoot({ root, now: () => now, run }), root, ran };
}
const ask = (of: ReturnType<typeof boot>) => of.isShuttingDown(new AbortController().signal);

it('the boot reader returns the id of the running boot', () => {
  expect(boot({}).id()).toBe('6f1c2a90-1');
});

it('the boot reader detects a crash by a kernel dump in pstore, or by a kernel dump that systemd moved since the boot', () => {
  expect(boot({}).crashedBefore()).toBe(false);
  expect(boot({ 'sys/fs/pstore/dmesg-efi-171': 'Oops' }).crashedBefore()).toBe(true);
  expect(boot({ 'sys/fs/pstore/console-ramoops-0': 'hello' }).crashedBefore()).toBe(false);
  const kept = 'var/lib/systemd/pstore/171';
  const old = boot({ [kept]: 'Oops' });
  utimesSync(join(old.root, kept), 0, now / 1_000 - 700);
  expect(old.crashedBefore()).toBe(false);
  utimesSync(join(old.root, kept), 0, now / 1_000 - 590);
  expect(old.crashedBefore()).toBe(true);
});

it.each([
  ['update', 'run/unattended-upgrades.progress'],
  ['shutdown', 'run/nologin'],
])('the boot reader detects that the running boot is about to end by a fresh marker file: %s', (what, mark) => {
  expect(boot({}).endBegun()).toBeNull();
  const of = boot({ [mark]: 'x' });
  utimesSync(join(of.root, mark), 0, now / 1_000 - 60);
  expect(of.endBegun()).toBe(what);
  utimesSync(join(of.root, mark), 0, now / 1_000 - 601);
  expect(of.endBegun()).toBeNull();
});

it('the boot reader detects a system shutdown by the marker files of systemd, or by its state', async () => {
  const marked = boot({ 'run/nologin': 'System is going down.' });
  expect(await ask(marked)).toBe(true);
  expect(marked.ran).toEqual([]);
  expect(await ask(boot({ 'run/systemd/shutdown/scheduled': 'USEC=1' }))).toBe(true);
  const stopping = boot({}, { ok: true, text: 'stopping\n' });
  expect(await ask(stopping)).toBe(true);
  expect(stopping.ran).toEqual(['systemctl show --property=SystemState --value']);
});

it('the boot reader reports no shutdown if the system keeps running or its state is unknown', async () => {
  expect(await ask(boot({}))).toBe(false);
  expect(await ask(boot({}, { ok: false, why: 'missing', text: '' }))).toBe(false);
  expect(await ask(boot({}, { ok: false, why: 'aborted', text: 'stopping' }))).toBe(false);
});
