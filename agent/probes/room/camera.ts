/** Checks whether the room's cameras are present and free, and why one is absent. It opens no camera. */
import { type Clock, realClock } from '@sabha/contracts';
import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Camera } from '../../platform/platform.ts';
import { type BlockedDevices, createPrivacyQuery } from '../../platform/questions/privacy.ts';
import { isOf, type Usb, type UsbDevice, usb } from '../../platform/questions/usb.ts';
import { isInName, shortText } from '../../platform/text.ts';
import { createExpected, fits, inUse } from './expected.ts';

/** Time after which a program that uses the camera counts as forgotten: longer than any meeting. */
const heldMs = 8 * 3_600_000;
/** Interval of the probe if PipeWire alone has a camera, because no event reports its changes. */
const nextRunMs = 8_000;

/** Facts that explain why a camera is absent. `pluggable`: ids of cameras that were seen on a port that people can reach. */
type CameraFacts = { found: readonly Camera[]; usb: Usb; blocked: BlockedDevices; pluggable: ReadonlySet<string> };

/** Creates the camera probe. It measures how long each program uses each camera; one run without the use starts the time again. */
export function createCameraProbe(clock: Pick<Clock, 'up'> = realClock()): Probe {
  const expected = createExpected<Camera>();
  const since = new Map<string, number>();
  const askPrivacy = createPrivacyQuery('camera', clock);
  const heldBy = (camera: Camera, programs: readonly string[]) =>
    programs.filter((program) => clock.up() - (since.get(keyOf(camera, program)) ?? clock.up()) > heldMs);
  const pluggable = new Set<string>();
  let isSessionOnly = false;
  return {
    name: 'camera',
    everyMs: 30_000,
    timeoutMs: 10_000,
    async run({ platform, profile, signal }) {
      const all = await platform.cameras(signal);
      const found = all.known ? all.value : [];
      if (all.known) remember(since, found, clock.up());
      isSessionOnly ||= found.some((camera) => camera.isSessionOnly);
      const [bus, taken] = [await platform.ask(usb, signal), await askPrivacy(platform, signal)];
      const devices = bus.known ? bus.value.devices : [];
      notePluggable(pluggable, devices);
      const around: CameraFacts = { found, usb: { devices }, blocked: taken.known ? taken.value.camera : null, pluggable };
      const answer = all.known ? { known: true as const, value: found.filter(({ isVirtual }) => !isVirtual) } : all;
      const absent = (match: string, last: Camera | undefined) => {
        const verdict = judgeAbsent(around, match, last?.id);
        // PipeWire alone may list the missing camera, so it is unknown while PipeWire does not answer.
        const mayBeUnheard = verdict.fault === 'camera.missing' && (last === undefined || last.isSessionOnly);
        return mayBeUnheard && all.incompleteReason !== undefined ? unknown(all.incompleteReason) : verdict;
      };
      const judge = (camera: Camera) => judgePresent(around, camera, heldBy);
      return { checks: expected({ kind: 'camera', profile, answer, judge, absent }), ...(isSessionOnly && { nextRunMs }) };
    },
    watch: (platform, changed) => platform.watchCameras(changed),
  };
}

/** Returns the most severe verdict of a present camera. */
function judgePresent(
  { usb: { devices }, blocked }: CameraFacts,
  camera: Camera,
  heldBy: (camera: Camera, programs: string[]) => string[],
): Verdict {
  const device = devices.find(({ id }) => id === camera.id);
  if (blocked === 'all' || (blocked === 'built-in' && device?.isBuiltIn)) return fault('camera.privacy');
  const programs = camera.usedBy.known ? camera.usedBy.value : [];
  const held = heldBy(camera, programs);
  if (held.length > 0) return fault('camera.held', `held by ${held.join(', ')}`);
  if (device?.isSlowed) return fault('camera.slow_port', inUse(programs));
  return { ...ok, reason: inUse(programs) };
}

/**
 * Returns why a camera is absent. The state of a matching USB device shows the cause. A virtual camera does not count as present.
 * A privacy key explains only the absence of a built-in camera, not of one that was on a pluggable port.
 */
function judgeAbsent({ found, usb: { devices }, blocked, pluggable }: CameraFacts, match: string, last = ''): Verdict {
  for (const device of devices.filter((one) => isOf('video', one) && fits({ match }, one))) {
    const id = troubleOf(device);
    if (id !== undefined) return fault(id, shortText(`found: ${device.name}`));
  }
  const virtual = found.find(({ isVirtual, name }) => isVirtual && isInName(match, name));
  if (virtual) return fault('camera.virtual', shortText(`found: ${virtual.name}`));
  const isTaken = blocked === 'all' || (blocked === 'built-in' && !pluggable.has(last));
  return fault(isTaken ? 'camera.privacy' : 'camera.missing');
}

/** Returns why the system does not list a USB device as a camera; undefined if it does, or if the cause is unknown. */
function troubleOf({ isAllowed, functions }: UsbDevice) {
  const pictures = functions.filter(({ kind }) => kind === 'video');
  if (!isAllowed || pictures.some((one) => !one.isAllowed)) return 'camera.disabled';
  if (pictures.length === 0 || pictures.some(({ node }) => node)) return undefined;
  return pictures.every(({ hasDriver }) => hasDriver) ? 'camera.driver' : 'camera.no_driver';
}

function notePluggable(pluggable: Set<string>, devices: readonly UsbDevice[]): void {
  for (const device of devices) if (device.isPluggable && isOf('video', device)) pluggable.add(device.id);
}

function remember(since: Map<string, number>, cameras: Camera[], up: number): void {
  const now = cameras.flatMap((camera) => (camera.usedBy.known ? camera.usedBy.value.map((program) => keyOf(camera, program)) : []));
  for (const key of since.keys()) if (!now.includes(key)) since.delete(key);
  for (const key of now) if (!since.has(key)) since.set(key, up);
}

function keyOf(camera: Camera, program: string): string {
  return `${camera.id}/${program}`;
}
