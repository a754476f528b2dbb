/** Is the PC set to go to sleep by itself when nobody touches it? By systemd, by GNOME where its user is ours, or by the power plan of Windows. */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../child.ts';
import { readNames, readText } from '../linux/files.ts';
import type { Native, RegistryValue } from '../native.ts';
import type { Answer, Question, System, WindowsSystem } from '../platform.ts';
import { readValue } from '../windows/attempt.ts';
import { ownDesktop } from './session.ts';

/** Starts a program on GNOME: asked every ten minutes. */
export const sleepsWhenIdle: Question<boolean> = { linux: readSleeps, windows: readPlan };

/** What hangs there keeps nothing else from being told. */
const limitMs = 1_000;
/** The later overrules the earlier. */
const folders = ['usr/lib/systemd/logind.conf.d', 'run/systemd/logind.conf.d', 'etc/systemd/logind.conf.d'];
const targets = ['sleep.target', 'suspend.target'];

async function readSleeps(system: System, signal: AbortSignal): Promise<Answer<boolean>> {
  const { root } = system;
  if ((await readNames(join(root, 'etc/systemd'))) === undefined) return { known: false, reason: 'no systemd here' };
  const masks = await Promise.all(targets.map((target) => readlink(join(root, 'etc/systemd/system', target)).catch(() => '')));
  if (masks.includes('/dev/null')) return { known: true, value: false };
  const texts = [await readText(join(root, 'etc/systemd/logind.conf'))];
  for (const folder of folders)
    for (const name of ((await readNames(join(root, folder))) ?? []).filter((one) => one.endsWith('.conf')))
      texts.push(await readText(join(root, folder, name)));
  const said = [...texts.join('\n').matchAll(/^\s*IdleAction\s*=\s*(\S+)/gm)].at(-1)?.[1] ?? 'ignore';
  const isOfSystem = /^(suspend|hibernate|hybrid-sleep|suspend-then-hibernate|sleep)$/.test(said);
  return { known: true, value: isOfSystem || (await desktopSleeps(system, signal)) };
}

/** On mains; the timeout is in seconds, and 0 is never. */
async function desktopSleeps({ root, env }: System, signal: AbortSignal): Promise<boolean> {
  if (!/gnome|ubuntu/i.test((await ownDesktop(root)) ?? '')) return false;
  const args = ['list-recursively', 'org.gnome.settings-daemon.plugins.power'];
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const output = await runCommand({ program: 'gsettings', args, env: { ...env, LC_ALL: 'C' } }, limited);
  return (
    output.ok && /sleep-inactive-ac-type '(suspend|hibernate)'/.test(output.text) && /sleep-inactive-ac-timeout [1-9]/.test(output.text)
  );
}

const power = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Power';
/** Of the group of sleep: after how many seconds on mains it sleeps, and after how many it hibernates. */
const group = '238c9fa8-0aad-41ed-83f4-97be242c8f20';
const settings = ['29f6c1db-86da-48c5-9fdb-f2b67b1f44da', '9d7815a6-7ee4-497e-8888-515a05f02364'];

/** By which an office sets all of its PCs. */
const rules = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Power\\PowerSettings';

const plans = `${power}\\User\\PowerSchemes`;
const activePlan = (native: Native) => readValue(native, plans, 'ActivePowerScheme');

/** What holds on mains, of a setting in its group. Rules overrule the plan; what nobody has set in it stands in the defaults of Windows. */
export async function planned(native: Native, group: string, setting: string): Promise<RegistryValue | undefined> {
  const plan = await activePlan(native);
  const ruled = await readValue(native, `${rules}\\${setting}`, 'ACSettingIndex');
  const set = await readValue(native, `${plans}\\${plan}\\${group}\\${setting}`, 'ACSettingIndex');
  const defaults = `${power}\\PowerSettings\\${group}\\${setting}\\DefaultPowerSchemeValues\\${plan}`;
  return ruled ?? set ?? (await readValue(native, defaults, 'AcSettingIndex'));
}

async function readPlan({ native }: WindowsSystem): Promise<Answer<boolean>> {
  if ((await activePlan(native())) === undefined) return { known: false, reason: 'Windows tells of no power plan' };
  const seconds = await Promise.all(settings.map((setting) => planned(native(), group, setting)));
  if (seconds.some((one) => typeof one === 'number' && one > 0)) return { known: true, value: true };
  return typeof seconds[0] === 'number' ? { known: true, value: false } : { known: false, reason: 'the power plan does not say it' };
}
