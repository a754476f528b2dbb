import { expect, test } from 'vitest';
import { machineOf } from './machine.ts';
import { tree } from './tree.test-helper.ts';

const thread = (processor: number, core: number) =>
  `processor\t: ${processor}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Core(TM) i5\nphysical id\t: 0\ncore id\t\t: ${core}\nflags\t\t: fpu vme\n`;

async function items(root: string) {
  const parts = Object.entries(machineOf(root)).map(async ([name, read]) => [name, await read()] as const);
  return Object.fromEntries(await Promise.all(parts));
}

test('reads maker, model, firmware, system and processor, and no serial number though it stands beside them', async () => {
  const root = tree({
    'etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nVERSION="13 (trixie)"\n',
    'sys/class/dmi/id/sys_vendor': 'Dell Inc.\n',
    'sys/class/dmi/id/product_name': 'OptiPlex 7010\n',
    'sys/class/dmi/id/product_version': '01\n',
    'sys/class/dmi/id/product_serial': 'SECRET\n',
    'sys/class/dmi/id/bios_vendor': 'Dell Inc.\n',
    'sys/class/dmi/id/bios_version': 'A29\n',
    'sys/class/dmi/id/bios_date': '06/28/2018\n',
    'proc/cpuinfo': [thread(0, 0), thread(1, 1), thread(2, 0), thread(3, 1)].join('\n'),
  });
  const read = await items(root);
  expect(read).toMatchObject({
    os: { platform: 'linux', distro: 'Debian GNU/Linux', release: '13 (trixie)' },
    system: { manufacturer: 'Dell Inc.', model: 'OptiPlex 7010', version: '01', virtual: false },
    bios: { vendor: 'Dell Inc.', version: 'A29', releaseDate: '06/28/2018' },
    cpu: { manufacturer: 'GenuineIntel', brand: 'Intel(R) Core(TM) i5', cores: 4, physicalCores: 2 },
    memoryBytes: expect.any(Number),
  });
  expect(JSON.stringify(read)).not.toContain('SECRET');
});

test('a machine of a hypervisor says so, and one that names no cores has as many as processors', async () => {
  const root = tree({ 'proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu hypervisor\n\nprocessor\t: 1\nflags\t\t: fpu hypervisor\n' });
  expect(await items(root)).toMatchObject({ system: { virtual: true }, cpu: { cores: 2, physicalCores: 2 } });
});
