/** Trees of places for tests: a small fixed tree and seeded random trees. */
import { expectedKinds, linkClasses, siteStages, tiers } from '@sabha/contracts';
import type { Random } from '../../test/random.ts';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { ProfileLayer, SiteFacts, TreeNode } from '../engine/records/sites.ts';
import { emptyFacts } from './table.ts';

export function node(path: string, layer: ProfileLayer = {}, site: Partial<SiteFacts> | null = null): TreeNode {
  const name = { en: `Name of ${path || 'the nation'}`, hi: `${path} का नाम` };
  return { path, name, layer, site: site && { ...emptyFacts, ...site } };
}

/** Returns the nation, Ladakh with Leh (two PCs) and Kargil (planned, one PC). */
export function smallTree(): TreeNode[] {
  return [
    node('', { timeZone: 'Asia/Kolkata' }),
    node('ladakh', { link: 'geo' }),
    node('ladakh/leh', { elevationM: 3_524, expected: { camera: [{ match: 'Rally' }, {}] } }, { latitude: 34.1526, longitude: 77.5771 }),
    node('ladakh/leh/vc-1'),
    node('ladakh/leh/vc-2', { link: 'leo', expected: { microphone: [] } }),
    node('ladakh/kargil', {}, { stage: 'planned' }),
    node('ladakh/kargil/vc-1'),
  ];
}

/** Returns 36 states with the given number of sites, two PCs each. */
export function nation(count: number): TreeNode[] {
  const sites = Array.from({ length: count }, (_, n) => {
    const path = `state-${n % 36}/site-${n}`;
    const site = node(path, { link: 'geo', elevationM: n % 4_000 }, { latitude: 20, longitude: 77 });
    return [site, node(`${path}/vc-1`), node(`${path}/vc-2`)];
  });
  return [...Array.from({ length: 36 }, (_, n) => node(`state-${n}`)), ...sites.flat()];
}

/** Returns a random nation that the CSV can express, with every kind of cell and all stages. */
export function randomTree(random: Random): TreeNode[] {
  const maybe = <T>(make: () => T): T | undefined => (random.next() < 0.5 ? make() : undefined);
  const text = () => random.pick(['', 'BSNL', 'with, comma', 'says "yes"', 'semi; colon', "o'clock", 'दफ़्तर', 'a|b', 'x = 1']);
  const devices = () =>
    random.pick([
      [],
      [{}],
      [{}, {}],
      [{ match: 'Rally' }],
      [{ match: 'Brio 500' }, {}],
      [{}, { match: 'a, "b"' }],
      [{ match: 'क' }, { match: 'ख' }],
    ]);
  const layer = (): ProfileLayer => {
    const expected = Object.fromEntries(expectedKinds.flatMap((kind) => (random.next() < 0.3 ? [[kind, devices()]] : [])));
    const [link, elevationM, timeZone] = [
      maybe(() => random.pick(linkClasses)),
      maybe(() => random.below(95_000) / 10 - 500),
      maybe(() => random.pick(['Asia/Kolkata', 'UTC'])),
    ];
    return {
      ...(link && { link }),
      ...(elevationM !== undefined && { elevationM }),
      ...(timeZone && { timeZone }),
      ...(random.next() < 0.3 && { tier: random.pick(tiers) }),
      ...(random.next() < 0.3 && {
        bridge: random.pick([null, { transport: 'tls', host: 'b.example.in', port: 1 + random.below(65_535) }]),
      }),
      ...(random.next() < 0.3 && { ups: random.pick([null, { name: 'apc-1', host: '10.0.0.7', port: 1 + random.below(65_535) }]) }),
      ...(random.next() < 0.3 && { help: random.pick([null, 'desk@example.in', 'https://c.example.in/new?to=1&text={text}']) }),
      ...(random.next() < 0.3 && { languages: random.pick([['hi'], ['hi', 'en']]) }),
      ...(random.next() < 0.3 && {
        phone: random.pick(['+91 1982 252010', '01982252010']),
        wayIn: 'Key, at the guard',
        spare: 'says "mic"',
      }),
      ...(Object.keys(expected).length > 0 && { expected }),
    };
  };
  const facts = (): SiteFacts => ({
    ...emptyFacts,
    stage: random.pick(siteStages),
    ...(random.next() < 0.5 ? {} : { latitude: 6 + random.below(32_000) / 1_000, longitude: 68 + random.below(30_000) / 1_000 }),
    isp: text(),
    linkId: text(),
    contact: {
      name: text(),
      phone: random.pick(['', '+91 1982 252010', '0194-2452138', '01982252010']),
      email: random.pick(['', 'leh@example.in']),
    },
    ...(random.next() < 0.3 && { groups: random.pick([['magadh'], ['block-7', 'magadh']]) }),
  });
  const make = (path: string, site: SiteFacts | null = null): TreeNode => {
    const en = `${random.pick(['Office', 'Hall, main', '"Quoted"', 'Зал'])} ${path}`;
    return { path, name: { en, hi: random.pick([en, 'कमरा', 'कमरा "१"']) }, layer: layer(), site };
  };
  const ids = (prefix: string) => Array.from({ length: random.below(4) }, (_, n) => `${prefix}${n}`);
  const states = ids('state-').flatMap((state) => [
    make(state),
    ...ids('site').flatMap((site) => [make(`${state}/${site}`, facts()), ...ids('vc-').map((pc) => make(`${state}/${site}/${pc}`))]),
  ]);
  return random.next() < 0.8 ? [make(''), ...states] : states;
}

/** Returns the stored state of a PC that is online and has no fault. */
export function record(pc: string, change: Partial<PcRecord> = {}): PcRecord {
  return {
    pc,
    link: 'fibre',
    presence: 'online',
    boot: 'b',
    session: 1,
    rev: 1,
    digest: null,
    checks: [{ component: 'camera', device: '', status: 'ok', fault: null, reason: null, since: 0 }],
    heardAt: 1,
    lostAt: null,
    lostSession: 0,
    unheard: false,
    spool: 's',
    config: 1,
    inventory: null,
    agent: '1',
    calledAt: null,
    ended: {},
    ...change,
  };
}

export function recordsOf(...records: PcRecord[]): ReadonlyMap<string, PcRecord> {
  return new Map(records.map((one) => [one.pc, one]));
}
