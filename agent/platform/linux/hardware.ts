/** Reads the hard disks and the models of the PC and its displays from /sys, without a program and without root rights. */
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { displayName } from '../edid.ts';
import type { Hardware, Part } from '../platform.ts';
import { shortText } from '../text.ts';
import { readNames, readNumber, readText } from './files.ts';

/** Model names of virtual disks. A virtual disk reports that it rotates, but has no moving parts. */
const virtualDisk = /\b(qemu|vbox|vmware|virtual|virtio|msft)\b/i;
const hashLength = 8;

/** Returns rotating disks, and makers and models of PC and displays. Unreadable parts are left out. */
export async function readHardware(root: string): Promise<Hardware> {
  return { turningDisks: await turningDisks(root), models: [...(await ownModel(root)), ...(await displays(root))] };
}

/** Guarantee: returns only built-in disks; USB disks, removable disks and virtual disks are left out. */
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

/** Hashes an identity, so that no serial number leaves the PC. The hash is stable for the life of the disk. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hashLength);
}
