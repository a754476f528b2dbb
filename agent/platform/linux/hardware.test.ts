import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readHardware } from './hardware.ts';
import { tree } from './tree.test-helper.ts';

const disk = (name: string, { model = 'ST1000DM010', turns = '1', removable = '0', wwid = `naa.${name}` } = {}) => ({
  [`sys/block/${name}/device/model`]: `${model}   \n`,
  [`sys/block/${name}/device/wwid`]: `${wwid}\n`,
  [`sys/block/${name}/queue/rotational`]: `${turns}\n`,
  [`sys/block/${name}/removable`]: `${removable}\n`,
});

it('the hardware reader returns a hard disk with a stable id that does not reveal the serial number', async () => {
  const { turningDisks } = await readHardware(tree({ ...disk('sda'), ...disk('sdb', { turns: '0', model: 'Samsung SSD 870' }) }));
  expect(turningDisks).toEqual([{ id: expect.stringMatching(/^disk-[0-9a-f]{8}$/), name: 'ST1000DM010' }]);
  const again = await readHardware(tree(disk('sdc', { wwid: 'naa.sda' })));
  expect(again.turningDisks[0]?.id).toBe(turningDisks[0]?.id);
  const other = await readHardware(tree(disk('sda', { wwid: 'naa.other' })));
  expect(other.turningDisks[0]?.id).not.toBe(turningDisks[0]?.id);
});

it('the hardware reader reads maker and model of the PC, and the names of its displays', async () => {
  const root = tree({
    'sys/class/dmi/id/sys_vendor': 'Dell Inc.\n',
    'sys/class/dmi/id/product_name': 'OptiPlex 7010\n',
    'sys/class/drm/card0-DP-1/edid': edid('DELL U2719D'),
    'sys/class/drm/card0-HDMI-A-1/edid': Buffer.alloc(0),
    'sys/class/drm/card0/dev': '226:0\n',
  });
  expect((await readHardware(root)).models).toEqual([
    { id: 'model', name: 'Dell Inc. OptiPlex 7010' },
    { id: expect.stringMatching(/^display-[0-9a-f]{8}$/), name: 'DELL U2719D' },
  ]);
  writeFileSync(join(root, 'sys/class/drm/card0-DP-1/edid'), edid('DELL U2719D').subarray(0, 60));
  expect((await readHardware(root)).models).toHaveLength(1);
});

/** Returns an EDID block with the name in the third descriptor. */
function edid(name: string): Buffer {
  const block = Buffer.alloc(128);
  block.writeUInt32BE(0x00ffffff, 0);
  block.writeUInt32BE(0x023a8018, 54);
  block.writeUInt32BE(0xff, 72);
  block.write('SERIAL\n', 77, 'latin1');
  block.writeUInt32BE(0xfc, 90);
  block.write(`${name}\n`.padEnd(13, ' '), 95, 'latin1');
  return block;
}
