import { expect, it } from 'vitest';
import { faultOf } from '#contracts';
import { type PathFacts, whereItBreaks } from './path.ts';

/** The link is lost, and nothing is wrong with any part. */
const whole: PathFacts = {
  linkUp: false,
  local: 'on',
  gateway: 'answers',
  names: 'answered',
  centreName: 'found',
  outside: 'reached',
  centre: 'open',
};
const nothing: Partial<PathFacts> = { names: 'silent', centreName: 'missing', outside: 'silent', centre: 'silent' };
const at = (facts: Partial<PathFacts>) => {
  const { status, fault, reason } = whereItBreaks({ ...whole, ...facts });
  return [fault ?? status, reason];
};

it('is ok while the link is up, whatever else was not asked', () => {
  const unasked = { gateway: 'unknown', names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'unknown' } as const;
  expect(at({ ...unasked, linkUp: true, local: 'unknown' })).toEqual(['ok', null]);
  expect(at({})).toEqual(['ok', null]);
});

it.each<[Partial<PathFacts>, string, string | null]>([
  [{ ...nothing, local: 'no carrier', gateway: 'unknown' }, 'path.local', 'no cable and no Wi-Fi'],
  [{ ...nothing, local: 'no way out', gateway: 'unknown' }, 'path.local', 'no address from the network'],
  [{ ...nothing, gateway: 'dead' }, 'path.gateway', null],
  [nothing, 'path.last_mile', null],
  [{ ...nothing, gateway: 'none' }, 'path.last_mile', null],
  [{ ...nothing, outside: 'unknown' }, 'path.last_mile', null],
  [{ ...nothing, names: 'unknown', centreName: 'unknown' }, 'path.last_mile', null],
  [{ names: 'silent', centreName: 'missing', centre: 'unknown' }, 'path.dns', 'no name server answers'],
  [{ names: 'silent', centreName: 'missing', outside: 'unknown' }, 'path.dns', 'no name server answers'],
  [{ centreName: 'missing', centre: 'unknown' }, 'path.dns', 'the name of the centre is not known there'],
  [{ linkUp: true, names: 'silent' }, 'path.dns', 'no name server answers'],
  [{ centre: 'silent' }, 'path.centre', null],
  [{ centre: 'silent', names: 'silent', centreName: 'unknown' }, 'path.centre', null],
  [{ ...nothing, centreName: 'unknown', centre: 'refused' }, 'path.centre', 'it refuses connections'],
  [{ centre: 'refused', gateway: 'dead' }, 'path.centre', 'it refuses connections'],
])('of %j it says %s', (facts, fault, reason) => {
  expect(at(facts)).toEqual([fault, reason]);
  expect(faultOf(fault)?.title.hi).toBeTruthy();
});

it.each<[Partial<PathFacts>, string]>([
  [{ ...nothing, gateway: 'unknown' }, 'the router could not be asked'],
  [{ names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'silent' }, 'nobody but the centre could be asked'],
  [{ names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'unknown' }, 'nobody could be asked'],
  [{ centreName: 'unknown', centre: 'unknown' }, 'no centre is known here'],
])('of %j it does not know: %s', (facts, reason) => {
  expect(at(facts)).toEqual(['unknown', reason]);
});

it('over every mixture of facts: a fault only where a part was seen broken, and none of a part nearer than one that was seen to work', () => {
  const values = {
    linkUp: [true, false],
    local: ['on', 'no carrier', 'no way out', 'unknown'],
    gateway: ['answers', 'dead', 'none', 'unknown'],
    names: ['answered', 'silent', 'unknown'],
    centreName: ['found', 'missing', 'unknown'],
    outside: ['reached', 'silent', 'unknown'],
    centre: ['open', 'refused', 'silent', 'unknown'],
  };
  let mixtures: Record<string, unknown>[] = [{}];
  for (const [key, all] of Object.entries(values)) mixtures = mixtures.flatMap((one) => all.map((value) => ({ ...one, [key]: value })));
  const evidence: Record<string, (facts: PathFacts) => boolean> = {
    'path.local': ({ local }) => local === 'no carrier' || local === 'no way out',
    'path.gateway': ({ gateway, names, outside }) => gateway === 'dead' && names !== 'answered' && outside !== 'reached',
    'path.dns': ({ names, centreName }) => names === 'silent' || centreName === 'missing',
    'path.last_mile': ({ names, outside, gateway }) =>
      (names === 'silent' || outside === 'silent') && names !== 'answered' && outside !== 'reached' && gateway !== 'dead',
    'path.centre': ({ centre, linkUp }) => !linkUp && (centre === 'refused' || centre === 'silent'),
  };
  expect(mixtures).toHaveLength(3_456);
  for (const facts of mixtures as PathFacts[]) {
    const { status, fault } = whereItBreaks(facts);
    expect(status === 'fault', JSON.stringify(facts)).toBe(fault !== null);
    if (fault !== null) expect(evidence[fault]?.(facts), JSON.stringify(facts)).toBe(true);
  }
});
