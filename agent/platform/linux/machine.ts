/** What this PC is made of, by the files of the kernel and of the distribution: no program is started, and no serial number is read. */
import { arch, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { readText } from './files.ts';

/** Each part of the inventory by its name. Absent parts are undefined. */
export function machineOf(root: string): Record<string, () => Promise<unknown>> {
  const dmi = (name: string) => readText(join(root, 'sys/class/dmi/id', name));
  return {
    os: async () => ({ platform: 'linux', ...(await distribution(root)), kernel: release(), arch: arch() }),
    system: async () => ({
      manufacturer: await dmi('sys_vendor'),
      model: await dmi('product_name'),
      version: await dmi('product_version'),
      virtual: /^flags\s*:.* hypervisor( |$)/m.test(await processors(root)),
    }),
    bios: async () => ({ vendor: await dmi('bios_vendor'), version: await dmi('bios_version'), releaseDate: await dmi('bios_date') }),
    cpu: async () => processorOf(await processors(root)),
    memoryBytes: async () => totalmem(),
  };
}

async function distribution(root: string): Promise<{ distro: string | undefined; release: string | undefined }> {
  const text = (await readText(join(root, 'etc/os-release'))) ?? (await readText(join(root, 'usr/lib/os-release'))) ?? '';
  const value = (name: string) => new RegExp(`^${name}="?(.*?)"?$`, 'm').exec(text)?.[1];
  return { distro: value('NAME'), release: value('VERSION') ?? value('VERSION_ID') };
}

async function processors(root: string): Promise<string> {
  return (await readText(join(root, 'proc/cpuinfo'))) ?? '';
}

/** A core has as many processors as threads run on it at once; where the kernel names no cores, each processor is one. */
function processorOf(text: string) {
  const all = text.split(/\n\s*\n/).filter((one) => /^processor\s*:/m.test(one));
  const field = (one: string, name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(one)?.[1];
  const cores = new Set(all.map((one) => `${field(one, 'physical id')} ${field(one, 'core id') ?? field(one, 'processor')}`));
  return { manufacturer: field(text, 'vendor_id'), brand: field(text, 'model name'), cores: all.length, physicalCores: cores.size };
}
