/**
 * Reads the inventory of this PC by two PowerShell scripts that print JSON; the second one reads the slow part. The agent runs them at
 * start and once a day.
 */

import * as v from 'valibot';
import type { Output } from '../child.ts';
import type { RunProgram } from '../native.ts';
import type { Answer, SeenDisk } from '../platform.ts';
import { shortText } from '../text.ts';

const limitMs = 20_000;
const program = 'WindowsPowerShell\\v1.0\\powershell.exe';
const options = ['-NoProfile', '-NonInteractive', '-NoLogo', '-WindowStyle', 'Hidden', '-Command'];

/** Registry key of the update build revision (UBR), which CIM does not report. */
const build = 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';

/** PowerShell commands by the part of the inventory that they read. No command requests a serial number, user or address. */
const parts: Readonly<Record<string, string>> = {
  os: `Get-CimInstance Win32_OperatingSystem | Select-Object Caption,Version,OSArchitecture,@{n='UBR';e={(Get-ItemProperty '${build}').UBR}}`,
  system: 'Get-CimInstance Win32_ComputerSystem | Select-Object Manufacturer,Model',
  bios: 'Get-CimInstance Win32_BIOS | Select-Object Manufacturer,SMBIOSBIOSVersion',
  cpu: 'Get-CimInstance Win32_Processor | Select-Object Name,NumberOfCores',
  drivers: `Get-CimInstance Win32_PnPSignedDriver -Filter "DeviceClass='CAMERA' OR DeviceClass='IMAGE' OR DeviceClass='MEDIA'" | Select-Object DeviceName,DriverVersion`,
  disks: 'Get-PhysicalDisk | Select-Object FriendlyName,MediaType,HealthStatus',
};

/** Part that takes long. It has a separate script, so that its timeout does not affect the other parts. */
const slow = 'drivers';

/** The two scripts. If a policy forbids them to set the encoding of their output, only non-Latin names are wrong. */
export const scripts = [scriptOf((name) => name !== slow), scriptOf((name) => name === slow)] as const;

function scriptOf(isWanted: (name: string) => boolean): string {
  const wanted = Object.entries(parts).filter(([name]) => isWanted(name));
  return [
    'try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch {}',
    '$all = @{}',
    ...wanted.map(([name, ask]) => `try { $all.${name} = @(${ask}) } catch {}`),
    '$all | ConvertTo-Json -Compress -Depth 3',
  ].join('; ');
}

const row = v.record(v.string(), v.unknown());
const printed = v.pipe(v.string(), v.startsWith('{'), v.parseJson(), v.record(v.string(), v.union([v.array(row), row])));

/**
 * Returns the parts by name. Guarantee: it ends within 20 s. The output of each script is read completely or counts as unknown with a
 * reason. The slow part affects no other part.
 */
export async function readByPowerShell(run: RunProgram, signal: AbortSignal): Promise<Answer<Record<string, unknown>>> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const ask = async (script: string) => fromPowerShell(await run(program, [...options, script], limited));
  const told = await ask(scripts[0]);
  if (!told.known) return told;
  const late = await ask(scripts[1]);
  return { known: true, value: { ...told.value, ...(late.known ? late.value : { unknown: late.reason }) } };
}

export function fromPowerShell(output: Output): Answer<Record<string, unknown>> {
  if (!output.ok) return { known: false, reason: reasonOf(output) };
  const read = v.safeParse(printed, output.text.replace(/^\ufeff/, '').trim());
  if (!read.success)
    return { known: false, reason: output.text.trim() === '' ? 'PowerShell said nothing' : 'PowerShell: answer cannot be read' };
  return { known: true, value: Object.fromEntries(Object.entries(read.output).flatMap(([name, value]) => shownOf(name, value))) };
}

function reasonOf({ why, text }: Output & { ok: false }): string {
  if (why === 'missing') return 'PowerShell is not there';
  if (why === 'aborted') return 'PowerShell did not end in time';
  return shortText(`PowerShell ${why}: ${text}`);
}

/** Whether a disk rotates, by its media type in Get-PhysicalDisk, which is a name or a number. */
const kinds: Readonly<Record<string, boolean>> = { HDD: true, SSD: false, SCM: false, 3: true, 4: false, 5: false };
const healths: Readonly<Record<string, boolean>> = { Healthy: false, Warning: true, Unhealthy: true, 0: false, 1: true, 2: true };

export function disksOf({ disks }: Record<string, unknown>): Answer<SeenDisk[]> {
  const rows = v.safeParse(v.union([v.array(row), row]), disks);
  if (!rows.success) return { known: false, reason: 'PowerShell reports no disk' };
  const wordOf = (words: Readonly<Record<string, boolean>>, word: unknown) => words[`${word}`] ?? null;
  const seen = [rows.output].flat().map(
    ({ FriendlyName, MediaType, HealthStatus }): SeenDisk => ({
      name: shortText(`${FriendlyName ?? 'a disk'}`),
      isTurning: wordOf(kinds, MediaType),
      isFailing: wordOf(healths, HealthStatus),
    }),
  );
  return { known: true, value: seen };
}

type InventoryRow = v.InferOutput<typeof row>;

/** Returns one part of the output; empty if the scripts did not request it. A PowerShell profile may print other text. */
function shownOf(name: string, value: InventoryRow | InventoryRow[]): [string, unknown][] {
  if (!Object.hasOwn(parts, name)) return [];
  const rows = (Array.isArray(value) ? value : [value]).map(plain);
  return rows.length === 0 ? [] : [[name, rows.length === 1 ? rows[0] : rows]];
}

function plain(one: InventoryRow): InventoryRow {
  const said = Object.entries(one).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  return Object.fromEntries(said.map(([key, value]) => [shortText(key), typeof value === 'string' ? shortText(value) : value]));
}
