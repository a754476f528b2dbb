/** What hangs on USB, by /sys/bus/usb/devices: no device is opened or woken. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { usbModelIn } from '../../analysis/usb-models.ts';
import { usbIdOf } from '../linux/cameras.ts';
import { readNames, readNumber, readText } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';
import { shortId, shortText } from '../text.ts';

/** One function of a device. `node`: the kernel shows it to programs. */
export type UsbFunction = { kind: 'video' | 'audio' | 'other'; isAllowed: boolean; node: boolean };
/** `id`: as cameras have it; `port`: where it hangs; `counted`: another number each time that it comes. */
export type UsbDevice = {
  id: string;
  name: string;
  port: string;
  counted: number;
  isAllowed: boolean;
  savesPower: boolean;
  isBuiltIn: boolean;
  /** It could be faster than its port lets it. */
  isSlowed: boolean;
  functions: UsbFunction[];
};
/** `hasVideoDriver`: the driver of cameras is loaded. */
export type Usb = { devices: UsbDevice[]; hasVideoDriver: boolean };

/** Cheap: some small files a device. Not known where the system has no USB. */
export const usb: Question<Usb> = { linux: ({ root }) => readUsb(root) };

const kinds: Readonly<Record<string, UsbFunction['kind']>> = { '0e': 'video', '01': 'audio' };
/** In Mbit/s: USB 1, 2 and 3. */
const speeds = { full: 12, high: 480, super: 5_000 };
/** From this version on a device that came up at high speed has a faster one. */
const superVersion = 2.1;

async function readUsb(root: string): Promise<Answer<Usb>> {
  const folder = join(root, 'sys/bus/usb/devices');
  const names = await readNames(folder);
  if (names === undefined) return { known: false, reason: 'this PC has no USB' };
  const devices: UsbDevice[] = [];
  for (const port of names.filter((name) => /^\d+-[\d.]+$/.test(name))) {
    const device = await readDevice(join(folder, port), port);
    if (device !== undefined) devices.push(device);
  }
  return { known: true, value: { devices, hasVideoDriver: await isThere(join(root, 'sys/bus/usb/drivers/uvcvideo')) } };
}

async function readDevice(folder: string, port: string): Promise<UsbDevice | undefined> {
  const read = (file: string) => readText(join(folder, file));
  const id = await usbIdOf(folder, port);
  if (id === undefined) return undefined;
  const functions: UsbFunction[] = [];
  for (const name of (await readNames(folder)) ?? []) {
    if (!name.startsWith(`${port}:`)) continue;
    functions.push(await readFunction(join(folder, name)));
  }
  const model = usbModelIn(id);
  const speed = (await readNumber(join(folder, 'speed'))) ?? speeds.super;
  const version = (await readNumber(join(folder, 'version'))) ?? 0;
  return {
    id: shortId(id),
    name: shortText((await read('product')) || model?.name || id),
    port,
    counted: (await readNumber(join(folder, 'devnum'))) ?? 0,
    isAllowed: (await read('authorized')) !== '0',
    savesPower: (await read('power/control')) === 'auto' && ((await readNumber(join(folder, 'power/autosuspend_delay_ms'))) ?? -1) >= 0,
    isBuiltIn: (await read('removable')) === 'fixed',
    isSlowed: (version >= 2 && speed <= speeds.full) || (speed === speeds.high && (version >= superVersion || model?.isUsb3 === true)),
    functions,
  };
}

async function readFunction(folder: string): Promise<UsbFunction> {
  return {
    kind: kinds[(await readText(join(folder, 'bInterfaceClass'))) ?? ''] ?? 'other',
    isAllowed: (await readText(join(folder, 'authorized'))) !== '0',
    node: ((await readNames(join(folder, 'video4linux'))) ?? []).length > 0,
  };
}

/** Is it one that a meeting sees or hears with? A device that is not allowed shows no function: there the table says it. */
export function isOf(kind: 'video' | 'audio', { id, functions }: UsbDevice): boolean {
  return functions.some((one) => one.kind === kind) || usbModelIn(id)?.kind === (kind === 'video' ? 'camera' : 'sound');
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
