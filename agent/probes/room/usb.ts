/** Checks whether cameras and sound devices stay connected to USB. */
import { type Check, type Clock, realClock } from '@sabha/contracts';
import type { Probe } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import { type KernelLine, kernelLog } from '../../platform/questions/disks.ts';
import { isOf, type UsbDevice, usb } from '../../platform/questions/usb.ts';
import { shortText } from '../../platform/text.ts';

/** A device that drops off the bus this often in this time counts as flapping. No person unplugs it as often. */
const flapping = { least: 3, withinMs: 3_600_000 };

/** `drops`: times at which the probe saw that the device had left the bus or had a new device number. */
type UsbSighting = { device: UsbDevice; isThere: boolean; drops: number[] };

/**
 * Counts how often each camera and sound device left the bus in the last hour. It counts by the kernel log and by its own runs, and uses
 * the higher count.
 * Guarantee: other USB devices do not count, and a PC that never had such a device has no check.
 */
export function createUsbProbe(clock: Pick<Clock, 'up'> = realClock()): Probe {
  const seen = new Map<string, UsbSighting>();
  return {
    name: 'usb',
    everyMs: 30_000,
    timeoutMs: 5_000,
    async run({ platform, signal }) {
      const answer = await platform.ask(usb, signal);
      if (answer.known) note(seen, answer.value.devices, clock.up());
      if (seen.size === 0) return { checks: [] };
      if (!answer.known) return { checks: [check('', unknown(answer.reason)), check('power', unknown(answer.reason))] };
      const log = await platform.ask(kernelLog, signal);
      const restless = [...seen].filter(([port, one]) => dropsOf(one, port, log.known ? log.value : []) >= flapping.least);
      const thrifty = restless.filter(([, { device }]) => device.savesPower);
      const isTold = [...seen.values()].some(({ device }) => device.savesPower !== null);
      const power = isTold ? [check('power', judge('usb.power_saving', thrifty))] : [];
      return { checks: [check('', judge('usb.flapping', restless)), ...power] };
    },
  };
}

function note(seen: Map<string, UsbSighting>, devices: readonly UsbDevice[], up: number): void {
  const there = new Map(devices.filter((device) => isOf('video', device) || isOf('audio', device)).map((device) => [device.port, device]));
  for (const [port, one] of seen) {
    const now = there.get(port);
    const wentAgain = one.isThere && now?.counted !== one.device.counted;
    const drops = [...one.drops, ...(wentAgain ? [up] : [])].filter((at) => up - at < flapping.withinMs);
    seen.set(port, { device: now ?? one.device, isThere: now !== undefined, drops });
  }
  for (const [port, device] of there) if (!seen.has(port)) seen.set(port, { device, isThere: true, drops: [] });
}

function dropsOf({ drops }: UsbSighting, port: string, log: readonly KernelLine[]): number {
  const said = log.filter(({ ageMs, text }) => ageMs < flapping.withinMs && text.startsWith(`usb ${port}: USB disconnect`));
  return Math.max(drops.length, said.length);
}

function judge(id: 'usb.flapping' | 'usb.power_saving', found: readonly [string, UsbSighting][]): Verdict {
  const [name] = found.map(([, { device }]) => device.name).sort();
  return name === undefined ? ok : fault(id, shortText(`comes and goes: ${name}`));
}

function check(device: string, verdict: Verdict): Check {
  return { component: 'usb', device, ...verdict };
}
