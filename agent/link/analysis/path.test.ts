import { faultOf } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { nothing, whole } from './path.test-helper.ts';
import { locateBreak, type PathFacts, stepsOf } from './path.ts';

const at = (facts: Partial<PathFacts>) => {
  const { status, fault, reason } = locateBreak({ ...whole, ...facts });
  return [fault ?? status, reason];
};

it('locateBreak returns ok while the link is up, and while every part of the path works', () => {
  const unasked = { gateway: 'unknown', names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'unknown' } as const;
  expect(at({ ...unasked, linkUp: true, local: 'unknown' })).toEqual(['ok', null]);
  expect(at({})).toEqual(['ok', null]);
});

it.each<[Partial<PathFacts>, string, string | null]>([
  [{ ...nothing, local: 'no carrier', gateway: 'unknown' }, 'path.local', 'no cable and no Wi-Fi'],
  [{ ...nothing, local: 'no way out', gateway: 'unknown' }, 'path.local', 'no address from the network'],
  [{ ...nothing, gateway: 'dead' }, 'path.gateway', null],
  [nothing, 'path.last_mile', null],
  [{ ...nothing, centre: 'unreachable' }, 'path.last_mile', null],
  [{ ...nothing, gateway: 'none' }, 'path.last_mile', null],
  [{ ...nothing, outside: 'unknown', centreName: 'unknown' }, 'path.last_mile', null],
  [{ ...nothing, outside: 'unknown', namesWorkedBefore: true }, 'path.last_mile', null],
  [{ ...nothing, names: 'unknown', centreName: 'unknown' }, 'path.last_mile', null],
  [{ names: 'silent', centreName: 'missing', centre: 'unknown' }, 'path.dns', 'no name server answers'],
  [{ names: 'silent', centreName: 'missing', centre: 'open' }, 'path.dns', 'no name server answers'],
  [{ names: 'silent', centreName: 'missing', outside: 'unknown' }, 'path.dns', 'no name server answers'],
  [{ centreName: 'missing', centre: 'unknown' }, 'path.dns', 'the name server does not know the name of the server'],
  [{ centreName: 'missing' }, 'path.dns', 'the name server does not know the name of the server'],
  [{ linkUp: true, names: 'silent' }, 'path.dns', 'no name server answers'],
  [{ centre: 'silent' }, 'path.centre', null],
])('locateBreak judges %j as %s', (facts, fault, reason) => {
  expect(at(facts)).toEqual([fault, reason]);
  expect(faultOf(fault)?.title.hi).toBeTruthy();
});

it.each<[Partial<PathFacts>, string]>([
  [{ ...nothing, gateway: 'unknown' }, 'the router could not be asked'],
  [{ ...nothing, outside: 'unknown' }, 'no name server answers, and the server is silent at its last address'],
  [{ names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'silent' }, 'only the server could be asked'],
  [{ names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'unknown' }, 'nothing could be asked'],
  [{ ...nothing, outside: 'unknown', centre: 'unknown' }, 'no name server answers, and nothing else could be asked'],
  [{ centreName: 'unknown', centre: 'unknown' }, 'this PC does not know the server'],
  [{ centre: 'open' }, 'without a certificate it is not known whether this is the server'],
])('locateBreak judges %j as unknown: %s', (facts, reason) => {
  expect(at(facts)).toEqual(['unknown', reason]);
});

it('locateBreak, for every combination of facts, reports a fault only for a part seen broken with no working part behind it', () => {
  const mixtures = everything();
  const isBeyond = ({ outside }: PathFacts) => outside !== 'silent' && outside !== 'unknown';
  const isSilent = ({ centre }: PathFacts) => centre === 'silent' || centre === 'unreachable' || centre === 'unknown';
  const hasMoved = ({ centreName, namesWorkedBefore }: PathFacts) => centreName === 'missing' && !namesWorkedBefore;
  const evidence: Record<string, (facts: PathFacts) => boolean> = {
    'path.local': ({ local }) => local === 'no carrier' || local === 'no way out',
    'path.gateway': (facts) => facts.gateway === 'dead' && !isBeyond(facts) && !facts.losesPackets && isSilent(facts),
    'path.dns': ({ names, centreName, losesPackets }) => (names === 'silent' || centreName === 'missing') && !losesPackets,
    'path.last_mile': (facts) =>
      !isBeyond(facts) &&
      !facts.losesPackets &&
      facts.gateway !== 'dead' &&
      [facts.names, facts.outside, hasMoved(facts) ? 'unknown' : facts.centre].filter((one) => one === 'silent' || one === 'unreachable')
        .length > 1,
    'path.centre': ({ centre, outside, names, losesPackets }) =>
      centre === 'silent' && outside === 'reached' && names !== 'silent' && !losesPackets,
    'path.between': ({ linkUp, centre, losesPackets }) => losesPackets || (!linkUp && centre !== 'proven'),
  };
  expect(mixtures).toHaveLength(63_360);
  for (const facts of mixtures) {
    const { status, fault } = locateBreak(facts);
    expect(status === 'fault', JSON.stringify(facts)).toBe(fault !== null);
    if (fault !== null) expect(evidence[fault]?.(facts), JSON.stringify(facts)).toBe(true);
  }
});

function everything(): PathFacts[] {
  const seen = {
    linkUp: [false, true],
    local: ['on', 'no carrier', 'no way out', 'unknown'],
    gateway: ['answers', 'dead', 'none', 'unknown'],
    names: ['answered', 'silent', 'unknown'],
    centreName: ['found', 'missing', 'unknown'],
    outside: ['reached', 'elsewhere', 'names', 'silent', 'unknown'],
    centre: ['proven', 'open', 'stranger', 'undated', 'ended', 'refused', 'mute', 'other port', 'unreachable', 'silent', 'unknown'],
    losesPackets: [false, true],
    namesWorkedBefore: [false, true],
  } as const;
  return Object.entries(seen).reduce<object[]>(
    (all, [key, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{}],
  ) as PathFacts[];
}

it('stepsOf, for every combination of facts, marks one step as broken if the verdict names a part, and none otherwise', {
  tags: ['long'],
}, () => {
  for (const facts of everything()) {
    const { status, fault, reason } = locateBreak(facts);
    const broken = stepsOf(facts, { clock: 'ok', certificate: 'ok' }).filter((step) => step.status === 'fault');
    const isNameless = fault === 'path.between' && reason === null;
    expect([facts, broken.length]).toEqual([facts, status === 'fault' && !isNameless ? 1 : 0]);
  }
});

it('stepsOf marks the path as ok, but neither names nor clock, if the server showed its certificate', () => {
  const up = { ...whole, local: 'unknown', gateway: 'unknown', outside: 'unknown', names: 'unknown', centreName: 'unknown' } as const;
  const steps = stepsOf(up, { clock: 'unknown', certificate: 'ok' });
  expect(steps.filter(({ status }) => status !== 'ok').map(({ layer }) => layer)).toEqual(['names', 'clock']);
});
