/** Devices of meetings by vendor and product of their USB: what they are called, where the device itself says less, and what they can. */

/** `isUsb3`: it needs a port of USB 3 for its full picture. */
export type UsbModel = { name: string; kind: 'camera' | 'sound'; isUsb3?: boolean };

/** From the list of the Linux USB project, and from lists of devices that people sent in. */
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

/** The device whose vendor and product stand in an id, such as `usb-046d:082d-A1B2`; undefined where the table does not know it. */
export function usbModelIn(id: string): UsbModel | undefined {
  const [model = ''] = /(?<![0-9a-f])[0-9a-f]{4}:[0-9a-f]{4}(?![0-9a-f])/i.exec(id) ?? [];
  return Object.hasOwn(rows, model.toLowerCase()) ? rows[model.toLowerCase()] : undefined;
}
