/** Creates USB devices as files of sysfs, in a temporary folder. */
import { realClock } from '@sabha/contracts';
import { createLinux } from '../../platform/linux/linux.ts';
import { tree } from '../../platform/linux/tree.test-helper.ts';

/** A USB device at a port. `functions`: its USB interfaces, such as `{ class: '0e', node: 'video0' }` for a camera. */
export type Plugged = {
  port?: string;
  model?: string;
  files?: Record<string, string>;
  functions?: { class: string; node?: string; authorized?: string }[];
};

/** Returns the files of one device. Default: a working C920 on USB 2. */
export function plugged({ port = '1-2', model = '046d:082d', files = {}, functions = [{ class: '0e', node: 'video0' }] }: Plugged = {}) {
  const at = `sys/bus/usb/devices/${port}`;
  const [vendor = '', product = ''] = model.split(':');
  const all = {
    idVendor: vendor,
    idProduct: product,
    product: 'HD Pro',
    serial: 'A1',
    devnum: '7',
    speed: '480',
    version: ' 2.00',
    ...files,
  };
  return Object.fromEntries([
    ...Object.entries(all).map(([file, text]) => [`${at}/${file}`, `${text}\n`]),
    ...functions.flatMap(({ class: kind, node, authorized = '1' }, n) => [
      [`${at}/${port}:1.${n}/bInterfaceClass`, `${kind}\n`],
      [`${at}/${port}:1.${n}/authorized`, `${authorized}\n`],
      ...(node === undefined ? [] : [[`${at}/${port}:1.${n}/video4linux/${node}/name`, 'HD Pro\n']]),
    ]),
  ]) as Record<string, string>;
}

export function pcOf(
  entries: Record<string, string>,
  env: Record<string, string> = { PATH: '' },
  root = tree({ 'sys/class/note': '', 'sys/bus/usb/devices/usb1/idVendor': '1d6b\n', ...entries }),
) {
  return { root, platform: createLinux({ root, env, clock: realClock() }) };
}
