/** Detects a pending or planned restart from files of Debian and its derivatives, from systemd, and from Windows Update. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readNames, readNumber, readText } from '../linux/files.ts';
import { fromFileTime } from '../native.ts';
import type { Answer, Query, WindowsSystem } from '../platform.ts';
import { lastDump, readValue } from '../windows/attempt.ts';

/** `pendingSince`: milliseconds since 1970, null if no restart is pending. */
export type Restart = { pendingSince: number | null; isPlanned: boolean };

/** Reads whether a restart is pending. Unknown if no package on this system writes the marker file of a pending restart. */
export const restart: Query<Restart> = { linux: ({ root }) => readRestart(root), windows: readMarks };

const mark = 'run/reboot-required';
/** Paths of packages that write the marker file after an update that needs a restart. */
const writers = ['usr/share/unattended-upgrades', 'usr/share/update-notifier', 'etc/kernel/postinst.d/unattended-upgrades'];

async function readRestart(root: string): Promise<Answer<Restart>> {
  const pendingSince = await changedAt(join(root, mark));
  const scheduled = (await readText(join(root, 'run/systemd/shutdown/scheduled'))) ?? '';
  const isPlanned = /^MODE=(reboot|kexec|soft-reboot)$/m.test(scheduled) || (pendingSince !== null && (await isAutomatic(root)));
  if (pendingSince !== null || isPlanned) return { known: true, value: { pendingSince, isPlanned } };
  const found = await Promise.all(writers.map((writer) => changedAt(join(root, writer))));
  if (found.every((at) => at === null)) return { known: false, reason: 'this system does not report whether it needs a restart' };
  return { known: true, value: { pendingSince, isPlanned } };
}

/** Returns the creation time of the marker file, because later updates change its other times. Without one, its change time. */
function changedAt(path: string): Promise<number | null> {
  return stat(path).then(
    ({ mtimeMs, birthtimeMs }) => (birthtimeMs > 0 ? Math.min(birthtimeMs, mtimeMs) : mtimeMs),
    () => null,
  );
}

/** Returns whether apt is set to restart automatically. The last value in its settings applies. */
async function isAutomatic(root: string): Promise<boolean> {
  const folder = join(root, 'etc/apt/apt.conf.d');
  const texts = await Promise.all(((await readNames(folder)) ?? []).map((name) => readText(join(folder, name))));
  const said = [...texts.join('\n').matchAll(/^\s*Unattended-Upgrade::Automatic-Reboot\s+"?(\w+)"?\s*;/gim)];
  return /^(true|1|yes|on)$/i.test(said.at(-1)?.[1] ?? '');
}

const ofWindows = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion';
/** Registry keys that exist while a restart is pending. Pending file renames are ignored, because many installers leave some. */
const marks = [`${ofWindows}\\Component Based Servicing\\RebootPending`, `${ofWindows}\\WindowsUpdate\\Auto Update\\RebootRequired`];
const plan = ['HKLM\\SOFTWARE\\Microsoft\\WindowsUpdate\\UX\\StateVariables', 'ScheduledRebootTime'] as const;

/** Reads the registry keys of a pending restart. A key of unknown age counts from now. */
async function readMarks({ native, clock }: WindowsSystem): Promise<Answer<Restart>> {
  const since: number[] = [];
  for (const path of marks) {
    const answer = await native().registry(path, 'here');
    if (!answer.known) return answer;
    const found = answer.value.find((key) => key.path.toLowerCase() === path.toLowerCase());
    if (found !== undefined) since.push(found.changedAt ?? clock.now());
  }
  const planned = await readValue(native(), ...plan);
  const isPlanned = since.length > 0 && typeof planned === 'bigint' && fromFileTime(planned) > clock.now();
  return { known: true, value: { pendingSince: since.length === 0 ? null : Math.min(...since), isPlanned } };
}

/** Returns the time of the last crash in milliseconds since 1970, or null for none. Unknown if no location is readable. */
export const lastCrash: Query<number | null> = { linux: ({ root }) => readLastCrash(root), windows: async ({ root }) => lastDump(root) };

/** Locations of kernel dumps. `var/crash` also holds program crashes; kernel dumps are folders named by their time. */
const places = [
  ['sys/fs/pstore', /^dmesg-/],
  ['var/lib/systemd/pstore', /./],
  ['var/crash', /^\d{12}$/],
] as const;

async function readLastCrash(root: string): Promise<Answer<number | null>> {
  const found = await Promise.all(
    places.map(async ([place, pattern]) => {
      const names = await readNames(join(root, place)).catch(() => undefined);
      return names?.filter((name) => pattern.test(name)).map((name) => join(root, place, name));
    }),
  );
  const open = found.filter((paths) => paths !== undefined);
  if (open.length === 0) return { known: false, reason: 'the agent may not read the crash records' };
  const times = await Promise.all(open.flat().map(async (path) => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0));
  const newest = Math.max(0, ...times);
  return { known: true, value: newest === 0 ? null : newest };
}

/** Returns for how long the most throttled core was throttled since boot. Unknown if the processor does not count this time. */
export const throttledMs: Query<number> = { linux: ({ root }) => readThrottled(root) };

const counters = ['package_throttle_total_time_ms', 'core_throttle_total_time_ms'];

async function readThrottled(root: string): Promise<Answer<number>> {
  const folder = join(root, 'sys/devices/system/cpu');
  const counts: number[] = [];
  for (const cpu of ((await readNames(folder)) ?? []).filter((name) => /^cpu\d+$/.test(name)))
    for (const counter of counters) {
      const count = await readNumber(join(folder, cpu, 'thermal_throttle', counter));
      if (count !== undefined) counts.push(count);
    }
  if (counts.length === 0) return { known: false, reason: 'the processor does not count it' };
  return { known: true, value: Math.max(...counts) };
}
