/** Assigns found devices to the expected devices of a room. Shared by the device probes. */
import { type Check, noneExpected, type Profile } from '@sabha/contracts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer } from '../../platform/platform.ts';
import { usbModelIn } from '../../platform/questions/usb.ts';
import { isInName, shortText } from '../../platform/text.ts';

type Kind = keyof Profile['expected'];
type Expected = NonNullable<Profile['expected'][Kind]>[number];
/** `model`: USB vendor and product, if the id does not contain them. */
type NamedDevice = { id: string; name: string; model?: string };

/** The found devices of one kind, and the functions that judge them. */
export type DeviceCheckInput<D extends NamedDevice> = {
  kind: Kind;
  profile: Profile;
  /** Devices of this kind that the platform found. If several fit an expected device, the first one is used. */
  answer: Answer<D[]>;
  /** Judges a present device. `ours`: all devices that are assigned to an expected one, in the order of the expected ones. */
  judge: (device: D, ours: readonly D[]) => Verdict;
  /** Judges an absent device by its expected name or id, and by the device that was last assigned. Default: missing. */
  absent?: (match: string, last: D | undefined) => Verdict;
};

/**
 * Judges the expected devices of one kind: one check each, under the stable names `expected-1`, `expected-2` …
 * A device keeps its number while it is present. A missing device keeps its last name. Equal names get a number.
 * Guarantee: an extra device causes no check. An unknown device list causes no fault. Without a profile no check is ok.
 */
export function createExpected<D extends NamedDevice>(): (room: DeviceCheckInput<D>) => Check[] {
  const last = new Map<string, D>();
  return ({ kind, profile, answer, judge, absent = () => fault(`${kind}.missing`) }) => {
    const wanted = profile.expected[kind];
    if (wanted === undefined) return [{ component: kind, device: '', ...unknown('the profile does not say what is expected') }];
    if (wanted.length === 0) return [{ component: kind, device: '', ...ok, reason: noneExpected }];
    const keys = wanted.map((one, at) => `${at}/${one.match}`);
    const found = answer.known ? assign(wanted, answer.value, (at) => last.get(keys[at] ?? '')?.id) : [];
    for (const [at, key] of keys.entries()) if (found[at]) last.set(key, found[at]);
    const names = numbered(wanted.map((one, at) => last.get(keys[at] ?? '')?.name ?? one.match));
    const ours = found.filter((device) => device !== undefined);
    return names.map((name, at) => {
      const device = found[at];
      const verdict = !answer.known
        ? unknown(answer.reason)
        : device
          ? judge(device, ours)
          : absent(wanted[at]?.match ?? '', last.get(keys[at] ?? ''));
      return { component: kind, device: `expected-${at + 1}`, ...verdict, ...(name !== undefined && { name }) };
    });
  };
}

/** Returns the found devices that are assigned to an expected one, in the order of the expected ones. */
export function assignedDevices<D extends NamedDevice>(wanted: readonly Expected[], found: readonly D[]): D[] {
  return assign(wanted, found, () => undefined).filter((device) => device !== undefined);
}

export function inUse(programs: string[]): string | null {
  return programs.length === 0 ? null : `in use by ${programs.join(', ')}`;
}

function numbered(names: (string | undefined)[]): (string | undefined)[] {
  return names.map((name, at) => {
    const isOne = name === undefined || names.indexOf(name) === names.lastIndexOf(name);
    return isOne ? name : shortText(`${name} (${names.slice(0, at + 1).filter((other) => other === name).length})`);
  });
}

/**
 * Assigns found devices to expected ones in two steps. The first step selects devices so that as many expected ones as possible get one.
 * The second step keeps the previous assignments (`had`, by device id). Without them the order of the ids decides, so that a restart
 * gives the same result.
 */
function assign<D extends NamedDevice>(
  wanted: readonly Expected[],
  found: readonly D[],
  had: (at: number) => string | undefined,
): (D | undefined)[] {
  const serving = [...match(wanted, found, new Map()).keys()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const kept = new Map<D, number>();
  for (const at of wanted.keys()) {
    const own = serving.find((device) => device.id === had(at) && fits(wanted[at], device));
    if (own) kept.set(own, at);
  }
  const owners = match(wanted, serving, kept);
  return wanted.map((_, at) => found.find((device) => owners.get(device) === at));
}

/** Finds a maximum bipartite matching with augmenting paths: an earlier assignment changes if one more expected device then gets one. */
function match<D extends NamedDevice>(wanted: readonly Expected[], found: readonly D[], ownerOf: Map<D, number>): Map<D, number> {
  const take = (device: D, at: number) => {
    ownerOf.set(device, at);
    return true;
  };
  const place = (at: number, tried: Set<D>): boolean => {
    const fitting = found.filter((device) => fits(wanted[at], device));
    const free = fitting.find((device) => !ownerOf.has(device));
    if (free) return take(free, at);
    return fitting.some((device) => {
      const owner = ownerOf.get(device);
      if (owner === undefined || tried.has(device)) return false;
      return place(owner, tried.add(device)) && take(device, at);
    });
  };
  const served = new Set(ownerOf.values());
  for (const at of wanted.keys()) if (!served.has(at)) place(at, new Set());
  return ownerOf;
}

/** Returns whether the expected text is part of a device's name, product name, or id (vendor and product, serial number, port). */
export function fits({ match = '' }: Expected = {}, { id, name, model = id }: NamedDevice): boolean {
  return [name, id, model, usbModelIn(model)?.name ?? ''].some((said) => isInName(match, said));
}
