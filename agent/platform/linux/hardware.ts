/** Which disks turn, and what this PC and its displays are: by /sys alone, so that no program and no root is needed. */
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { displayName } from '../edid.ts';
import type { Hardware, Part } from '../platform.ts';
import { shortText } from '../text.ts';
import { readNames, readNumber, readText } from './files.ts';

/** A disk of a virtual machine says that it turns, and does not. */
const virtualDisk = /\b(qemu|vbox|vmware|virtual|virtio|msft)\b/i;
const hashLength = 8;

/** Disks that turn, and makers and models of PC and displays; what cannot be read is left out. */
export async function readHardware(root: string): Promise<Hardware> {
  return { turningDisks: await turningDisks(root), models: [...(await ownModel(root)), ...(await displays(root))] };
}

/** Guarantee: only disks of the PC itself; what hangs on USB, can be taken out, or belongs to a virtual machine is none. */
async function turningDisks(root: string): Promise<Part[]> {
  const folder = join(root, 'sys/block');
  const disks: Part[] = [];
  for (const disk of (await readNames(folder)) ?? []) {
    const at = join(folder, disk);
    const model = await readText(join(at, 'device/model'));
    if (!model || virtualDisk.test(model) || (await readText(join(at, 'queue/rotational'))) !== '1') continue;
    if ((await readNumber(join(at, 'removable'))) === 1 || (await realpath(at).catch(() => at)).includes('/usb')) continue;
    const identity = (await readText(join(at, 'device/wwid'))) ?? `${model}/${disk}`;
    disks.push({ id: `disk-${hashOf(identity)}`, name: shortText(model) });
  }
  return disks;
}

async function ownModel(root: string): Promise<Part[]> {
  const folder = join(root, 'sys/class/dmi/id');
  const words = [await readText(join(folder, 'sys_vendor')), await readText(join(folder, 'product_name'))].filter(Boolean);
  return words.length === 0 ? [] : [{ id: 'model', name: shortText(words.join(' ')) }];
}

async function displays(root: string): Promise<Part[]> {
  const folder = join(root, 'sys/class/drm');
  const found: Part[] = [];
  for (const connector of (await readNames(folder)) ?? []) {
    const edid = await readFile(join(folder, connector, 'edid')).catch(() => undefined);
    const name = edid && displayName(edid);
    if (name) found.push({ id: `display-${hashOf(`${connector}/${name}`)}`, name: shortText(name) });
  }
  return found;
}

/** No serial number leaves the PC; a hash of it stays the same as long as the disk does. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hashLength);
}
