/** The devices that a room should have, and which of the devices found stands for which. Shared by the device probes. */
import type { Check, Profile } from '#contracts';
import { fault, ok, unknown, type Verdict } from '../../analysis/verdict.ts';
import type { Answer } from '../../platform/platform.ts';

type Kind = keyof Profile['expected'];
type Expected = NonNullable<Profile['expected'][Kind]>[number];
type Device = { id: string; name: string };

/** The devices of one kind that were found, and how a fitting one is judged. */
export type Room<D extends Device> = {
  kind: Kind;
  profile: Profile;
  /** Found devices; of several that will do, the first is taken. */
  answer: Answer<D[]>;
  judge: (device: D) => Verdict;
};

/**
 * Judges the expected devices of one kind, one check for each, under the stable names `expected-1`, `expected-2` …
 * A device that is missing keeps the name under which it was last found.
 * Guarantee: an extra device makes no check; an answer that is not known makes no fault; before a profile says what is expected nothing is ok.
 */
export function createExpected<D extends Device>(): (room: Room<D>) => Check[] {
  const names = new Map<string, string>();
  return ({ kind, profile, answer, judge }) => {
    const wanted = profile.expected[kind];
    if (wanted === undefined) return [{ component: kind, device: '', ...unknown('the profile does not say what is expected') }];
    if (wanted.length === 0) return [{ component: kind, device: '', ...(answer.known ? ok : unknown(answer.reason)) }];
    const found = answer.known ? assign(wanted, answer.value) : [];
    return wanted.map((one, at) => {
      const slot = `expected-${at + 1}`;
      const device = found[at];
      const key = `${slot}/${one.match}`;
      if (device) names.set(key, device.name);
      const name = names.get(key) ?? one.match;
      const verdict = !answer.known ? unknown(answer.reason) : device ? judge(device) : fault(`${kind}.missing`);
      return { component: kind, device: slot, ...verdict, ...(name !== undefined && { name }) };
    });
  };
}

/** Which programs use a device, as a reason; null where none does. */
export function inUse(programs: string[]): string | null {
  return programs.length === 0 ? null : `in use by ${programs.join(', ')}`;
}

/** Gives each wanted device another one of the found, moving earlier choices where that lets one more be served. */
function assign<D extends Device>(wanted: Expected[], found: D[]): (D | undefined)[] {
  const ownerOf = new Map<D, number>();
  const place = (at: number, tried: Set<D>): boolean => {
    for (const device of found) {
      if (tried.has(device) || !matches(wanted[at], device)) continue;
      tried.add(device);
      const owner = ownerOf.get(device);
      if (owner !== undefined && !place(owner, tried)) continue;
      ownerOf.set(device, at);
      return true;
    }
    return false;
  };
  for (const at of wanted.keys()) place(at, new Set());
  return wanted.map((_, at) => found.find((device) => ownerOf.get(device) === at));
}

function matches(wanted: Expected | undefined, device: Device): boolean {
  return device.name.toLowerCase().includes((wanted?.match ?? '').toLowerCase());
}
