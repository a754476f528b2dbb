/** Lists cameras from the device manager, and their users from the privacy records of Windows. It opens no camera. */
import type { Native, PnpDevice } from '../native.ts';
import { deviceClasses } from '../native.ts';
import type { Answer, Camera, WindowsSystem } from '../platform.ts';
import { programLabels } from '../programs.ts';
import { deviceName, shortId } from '../text.ts';
import { attempt } from './attempt.ts';
import { programIn, readUses, type UseContext } from './consent.ts';

/** Device ids of virtual devices, which programs create. */
const madeByPrograms = /^(ROOT|SWD)\\/i;

/** Guarantee: a camera that does not work is left out. The query `usb` returns the cause. */
export async function readCameras(system: WindowsSystem, bootedAt: number): Promise<Answer<Camera[]>> {
  const native = system.native();
  const devices = await native.ask('devices');
  if (!devices.known) return devices;
  const working = devices.value.filter((one) => isCamera(one) && one.problem === 0);
  if (working.length === 0) return { known: true, value: [] };
  const real = working.filter(({ id }) => !madeByPrograms.test(id));
  const uses = await usesOf(native, { bootedAt, own: process.execPath, root: system.root });
  return { known: true, value: working.map((one) => cameraOf(one, real.includes(one) ? sharedOut(uses, real.length) : none)) };
}

const none: Camera['usedBy'] = { known: true, value: [] };

/** Returns whether a device is a camera. Scanners have the same device class as some cameras. */
export function isCamera({ kind, service }: PnpDevice): boolean {
  return kind === deviceClasses.camera || (kind === deviceClasses.image && service.toLowerCase() === 'usbvideo');
}

function cameraOf(device: PnpDevice, usedBy: Camera['usedBy']): Camera {
  const isVirtual = madeByPrograms.test(device.id);
  return { id: usbIdOf(device) ?? shortId(device.id), name: deviceName(device.name, device.id), usedBy, ...(isVirtual && { isVirtual }) };
}

/** Returns vendor, product, and the serial number or else the place of a USB device; undefined if the device is not on USB. */
export function usbIdOf({ id, parent }: PnpDevice): string | undefined {
  const isPart = /^USB\\[^\\]*&MI_/i.test(id) && parent.toUpperCase().startsWith('USB\\VID_');
  const [, vendor, product, rest] = /^USB\\VID_([0-9a-f]{4})&PID_([0-9a-f]{4})[^\\]*\\(.*)$/i.exec(isPart ? parent : id) ?? [];
  return vendor === undefined ? undefined : shortId(`usb-${vendor}:${product}-`.toLowerCase() + rest);
}

/** Returns the users of one camera. With several cameras Windows does not record which one is used. */
function sharedOut(uses: Answer<string[]>, cameras: number): Camera['usedBy'] {
  if (!uses.known) return uses;
  if (uses.value.length === 0 || cameras === 1) return { known: true, value: programLabels(uses.value.map(programIn)) };
  return { known: false, reason: 'Windows does not report which camera a program uses' };
}

/**
 * Reads the programs that use a camera.
 * Guarantee: a wrong record does not count as "no use". Some versions of Windows record no use of any device.
 * Such a version is detected by the microphone: Core Audio shows a use that Windows does not record.
 */
async function usesOf(native: Native, context: Omit<UseContext, 'running'>): Promise<Answer<string[]>> {
  const running = attempt(native.calls, (calls) => calls.programs());
  const whole = { ...context, running: running.known ? running.value : null };
  const uses = await readUses(native, 'webcam', whole);
  if (!uses.known || uses.value.length > 0) return uses;
  const sound = await native.ask('sound');
  const isHeard = sound.known && sound.value.endpoints.some(({ flow, programs }) => flow === 'capture' && (programs ?? []).length > 0);
  if (!isHeard) return uses;
  const written = await readUses(native, 'microphone', whole);
  return written.known && written.value.length > 0 ? uses : { known: false, reason: 'Windows does not record which program uses it' };
}
