/** The devices that a room should have, and which of the devices found stands for which. Shared by the device probes. */
import { type Check, noneExpected, type Profile } from '@sabha/contracts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { Answer } from '../../platform/platform.ts';
import { usbModelIn } from '../../platform/questions/usb.ts';
import { isInName, shortText } from '../../platform/text.ts';

type Kind = keyof Profile['expected'];
type Expected = NonNullable<Profile['expected'][Kind]>[number];
/** `model`: vendor and product, where the id does not hold them. */
type Device = { id: string; name: string; model?: string };

/** The devices of one kind that were found, and how a fitting one is judged. */
export type Room<D extends Device> = {
  kind: Kind;
  profile: Profile;
  /** Found devices; of several that will do, the first is taken. */
  answer: Answer<D[]>;
  /** `ours` are all that stand for an expected one, in the order of the expected. */
  judge: (device: D, ours: readonly D[]) => Verdict;
  /** What is said of one that is not there, by a part of its name or id, and as it was last found; absent: that it is missing. */
  absent?: (match: string, last: D | undefined) => Verdict;
};

/**
 * Judges the expected devices of one kind, one check for each, under the stable names `expected-1`, `expected-2` …
 * A device keeps its number while it is there, and one that is missing the name under which it was last found; those of one name are told
 * apart by a number behind it.
 * Guarantee: an extra device makes no check; an answer that is not known makes no fault; before a profile says what is expected nothing is ok.
 */
export function createExpected<D extends Device>(): (room: Room<D>) => Check[] {
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

/** The found devices that stand for a wanted one, in the order of the wanted; of several that will do, the first is taken. */
export function standing<D extends Device>(wanted: readonly Expected[], found: readonly D[]): D[] {
  return assign(wanted, found, () => undefined).filter((device) => device !== undefined);
}

/** Which programs use a device, as a reason; null where none does. */
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
 * First which devices serve the most of the wanted, then which one stands for which: each keeps the one that it had (`had`, by id), and at
 * first they go by their ids, so that a restart counts them as before.
 */
function assign<D extends Device>(
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

/** Gives each wanted device that has none another one of the found, moving earlier choices where that lets one more be served. */
function match<D extends Device>(wanted: readonly Expected[], found: readonly D[], ownerOf: Map<D, number>): Map<D, number> {
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

/** By its name, by what its maker calls it, or by its id: vendor and product, serial number, port. */
export function fits({ match = '' }: Expected = {}, { id, name, model = id }: Device): boolean {
  return [name, id, model, usbModelIn(model)?.name ?? ''].some((said) => isInName(match, said));
}
