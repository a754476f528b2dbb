/** Reads the USB devices from /sys/bus/usb/devices or the device manager of Windows. It opens and wakes no device. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { usbIdOf } from '../linux/cameras.ts';
import { readNames, readNumber, readText } from '../linux/files.ts';
import { deviceClasses, type Native, type PnpDevice } from '../native.ts';
import type { Answer, Query } from '../platform.ts';
import { deviceName, shortId } from '../text.ts';
import { isCamera, usbIdOf as usbIdOfWindows } from '../windows/cameras.ts';
import { planned } from './session.ts';

/** One function of a USB device. `node` is true if the system offers the function to programs. */
export type UsbFunction = { kind: 'video' | 'audio' | 'other'; isAllowed: boolean; node: boolean; hasDriver: boolean };
/** `id`: the same as in the camera list. `port`: the USB port. `counted`: a number that changes each time the device connects. */
export type UsbDevice = {
  id: string;
  name: string;
  port: string;
  counted: number;
  isAllowed: boolean;
  /** Whether the device uses USB autosuspend; null if unknown. */
  savesPower: boolean | null;
  isBuiltIn: boolean;
  /** True if people can reach the port of the device; false if unknown. */
  isPluggable: boolean;
  /** True if the device supports a faster port. */
  isSlowed: boolean;
  functions: UsbFunction[];
};
/** The USB devices of a PC. On Windows the list includes cameras on other buses. */
export type Usb = { devices: UsbDevice[] };

/** Reads the USB devices, at the cost of some small files each. Unknown if the system has no USB. */
export const usb: Query<Usb> = { linux: ({ root }) => readUsb(root), windows: ({ native }) => readUsbOfWindows(native()) };

const kinds: Readonly<Record<string, UsbFunction['kind']>> = { '0e': 'video', '01': 'audio' };
/** Speeds of USB 1, 2 and 3 in Mbit/s. */
const speeds = { full: 12, high: 480, super: 5_000 };
/** A device that reports this USB version or a later one, but runs at high speed (480 Mbit/s), supports a faster port. */
const superVersion = 2.1;

async function readUsb(root: string): Promise<Answer<Usb>> {
  const folder = join(root, 'sys/bus/usb/devices');
  const names = await readNames(folder);
  if (names === undefined) return { known: false, reason: 'this PC has no USB' };
  const hasVideoDriver = await isThere(join(root, 'sys/bus/usb/drivers/uvcvideo'));
  const devices: UsbDevice[] = [];
  for (const port of names.filter((name) => /^\d+-[\d.]+$/.test(name))) {
    const device = await readDevice(join(folder, port), port, hasVideoDriver);
    if (device !== undefined) devices.push(device);
  }
  return { known: true, value: { devices } };
}

async function readDevice(folder: string, port: string, hasVideoDriver: boolean): Promise<UsbDevice | undefined> {
  const read = (file: string) => readText(join(folder, file));
  const id = await usbIdOf(folder, port);
  if (id === undefined) return undefined;
  const functions: UsbFunction[] = [];
  for (const name of (await readNames(folder)) ?? []) {
    if (!name.startsWith(`${port}:`)) continue;
    functions.push(await readFunction(join(folder, name), hasVideoDriver));
  }
  const model = usbModelIn(id);
  const speed = (await readNumber(join(folder, 'speed'))) ?? speeds.super;
  const version = (await readNumber(join(folder, 'version'))) ?? 0;
  return {
    id: shortId(id),
    name: deviceName(await read('product'), model?.name, id),
    port,
    counted: (await readNumber(join(folder, 'devnum'))) ?? 0,
    isAllowed: (await read('authorized')) !== '0',
    savesPower: (await read('power/control')) === 'auto' && ((await readNumber(join(folder, 'power/autosuspend_delay_ms'))) ?? -1) >= 0,
    isBuiltIn: (await read('removable')) === 'fixed',
    isPluggable: (await read('removable')) === 'removable',
    isSlowed: (version >= 2 && speed <= speeds.full) || (speed === speeds.high && (version >= superVersion || model?.isUsb3 === true)),
    functions,
  };
}

async function readFunction(folder: string, hasVideoDriver: boolean): Promise<UsbFunction> {
  const kind = kinds[(await readText(join(folder, 'bInterfaceClass'))) ?? ''] ?? 'other';
  return {
    kind,
    hasDriver: kind !== 'video' || hasVideoDriver,
    isAllowed: (await readText(join(folder, 'authorized'))) !== '0',
    node: ((await readNames(join(folder, 'video4linux'))) ?? []).length > 0,
  };
}

/** True if the device has video or audio functions. An unauthorised device shows no functions, so the table of models decides. */
export function isOf(kind: 'video' | 'audio', { id, functions }: UsbDevice): boolean {
  return functions.some((one) => one.kind === kind) || usbModelIn(id)?.kind === (kind === 'video' ? 'camera' : 'sound');
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Device manager codes of a disabled device: disabled by a user, by the firmware, by a policy. */
const switchedOff = [22, 29, 48];
/** Device manager codes of a device without a working driver: not configured, to be reinstalled, no driver. */
const withoutDriver = [1, 18, 28];

/** GUIDs of the power setting for USB selective suspend: its group and the setting. */
const suspends = ['2a737441-1930-4402-8d77-b2bebba308a3', '48e6b7a6-50f5-4782-a5d4-53bb8f07e226'] as const;

/** Guarantee: a function that is neither video nor audio, such as a firmware interface, causes no fault of the device. */
async function readUsbOfWindows(native: Native): Promise<Answer<Usb>> {
  const found = await native.ask('devices');
  if (!found.known) return found;
  const parts = new Map<string, PnpDevice[]>();
  for (const one of found.value) {
    const id = usbIdOfWindows(one) ?? (isCamera(one) ? shortId(one.id) : undefined);
    if (id !== undefined) parts.set(id, [...(parts.get(id) ?? []), one]);
  }
  const said = await planned(native, ...suspends);
  const savesPower = typeof said === 'number' ? said !== 0 : null;
  return { known: true, value: { devices: [...parts].map(([id, own]) => ({ ...deviceOfParts(id, own), savesPower })) } };
}

/** Combines the entries that Windows lists for one USB device: the device itself and each of its functions. */
function deviceOfParts(id: string, parts: PnpDevice[]): Omit<UsbDevice, 'savesPower'> {
  const isFunction = ({ id: own }: PnpDevice) => /&MI_/i.test(own);
  const whole = parts.find((one) => !isFunction(one)) ?? parts[0];
  const functions = parts.some(isFunction) ? parts.filter(isFunction) : parts;
  // Windows gives the parent of every composite device the same name, so a function names the device.
  const shown = functions.find((one) => kindOf(one) === 'video') ?? functions.find((one) => kindOf(one) === 'audio') ?? whole;
  return {
    id,
    name: deviceName(shown?.name, id),
    port: id,
    counted: Math.max(0, ...parts.map(({ arrivedAt }) => arrivedAt ?? 0)),
    isAllowed: !parts.some((one) => !isFunction(one) && switchedOff.includes(one.problem)),
    isBuiltIn: !/^USB\\/i.test(whole?.id ?? ''),
    isPluggable: false,
    isSlowed: false,
    functions: functions.map(functionOf),
  };
}

function functionOf(part: PnpDevice): UsbFunction {
  return {
    kind: kindOf(part),
    isAllowed: !switchedOff.includes(part.problem),
    node: part.problem === 0,
    hasDriver: !withoutDriver.includes(part.problem),
  };
}

/** Returns the kind of a function by its USB class, which is known without a driver. */
function kindOf(part: PnpDevice): UsbFunction['kind'] {
  const isOf = (usbClass: string) => part.compatible.some((one) => new RegExp(`^USB\\\\Class_${usbClass}(&|$)`, 'i').test(one));
  if (isCamera(part) || isOf('0e')) return 'video';
  return part.kind === deviceClasses.sound || isOf('01') ? 'audio' : 'other';
}

/** A known meeting device. `isUsb3`: it needs a USB 3 port for its full resolution. */
export type UsbModel = { name: string; kind: 'camera' | 'sound'; isUsb3?: boolean };

/** Models by `vendor:product`. Sources: the list of the Linux USB project, and user-submitted device lists. */
const rows: Readonly<Record<string, UsbModel>> = {
  '046d:082d': { name: 'Logitech C920', kind: 'camera' },
  '046d:0892': { name: 'Logitech C920', kind: 'camera' },
  '046d:08e5': { name: 'Logitech C920 PRO', kind: 'camera' },
  '046d:085c': { name: 'Logitech C922', kind: 'camera' },
  '046d:0843': { name: 'Logitech C930e', kind: 'camera' },
  '046d:085e': { name: 'Logitech BRIO', kind: 'camera', isUsb3: true },
  '046d:086b': { name: 'Logitech BRIO Stream', kind: 'camera', isUsb3: true },
  '046d:0893': { name: 'Logitech StreamCam', kind: 'camera', isUsb3: true },
  '046d:0837': { name: 'Logitech BCC950', kind: 'camera' },
  '046d:0838': { name: 'Logitech BCC950', kind: 'sound' },
  '046d:0845': { name: 'Logitech CC3000e', kind: 'camera' },
  '046d:0846': { name: 'Logitech CC3000e', kind: 'sound' },
  '046d:084b': { name: 'Logitech ConferenceCam Connect', kind: 'camera' },
  '046d:084c': { name: 'Logitech ConferenceCam Connect', kind: 'sound' },
  '046d:0857': { name: 'Logitech Group', kind: 'sound' },
  '046d:0882': { name: 'Logitech Group', kind: 'sound' },
  '046d:0858': { name: 'Logitech Group', kind: 'camera' },
  '046d:0866': { name: 'Logitech MeetUp', kind: 'camera' },
  '046d:0867': { name: 'Logitech MeetUp', kind: 'sound' },
  '046d:086a': { name: 'Logitech MeetUp', kind: 'sound' },
  '0b0e:0410': { name: 'Jabra Speak 410', kind: 'sound' },
  '0b0e:0420': { name: 'Jabra Speak 510', kind: 'sound' },
  '0b0e:0422': { name: 'Jabra Speak 510', kind: 'sound' },
  '0b0e:2456': { name: 'Jabra Speak 810', kind: 'sound' },
  '0b0e:3011': { name: 'Jabra PanaCast 50', kind: 'camera', isUsb3: true },
  '2574:0901': { name: 'AVer VC520', kind: 'camera' },
  '2574:0910': { name: 'AVer CAM520', kind: 'camera' },
  '2574:0920': { name: 'AVer VC320', kind: 'camera' },
  '2574:0930': { name: 'AVer CAM530', kind: 'camera' },
  '2574:0940': { name: 'AVer CAM340', kind: 'camera' },
  '2574:0950': { name: 'AVer VC322', kind: 'camera' },
  '2574:0960': { name: 'AVer VB342', kind: 'camera' },
};

/** Returns the model of a device by its id, such as `usb-046d:082d-A1B2`; undefined if the table does not contain the model. */
export function usbModelIn(id: string): UsbModel | undefined {
  const [model = ''] = /(?<![0-9a-f])[0-9a-f]{4}:[0-9a-f]{4}(?![0-9a-f])/i.exec(id) ?? [];
  return Object.hasOwn(rows, model.toLowerCase()) ? rows[model.toLowerCase()] : undefined;
}
