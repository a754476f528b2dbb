import { readSettings } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { node, smallTree } from './sites.test-helper.ts';
import { createSiteTable, nodesOfSettings } from './table.ts';

const table = createSiteTable(smallTree());

test('each value of a profile comes from the nearest level that sets it, with its origin', () => {
  expect(table.resolve('ladakh/leh/vc-2')).toEqual({
    profile: { link: 'leo', elevationM: 3_524, expected: { camera: [{ match: 'Rally' }, {}], microphone: [], speaker: [{}] } },
    timeZone: 'Asia/Kolkata',
    origins: {
      link: 'ladakh/leh/vc-2',
      elevationM: 'ladakh/leh',
      timeZone: '',
      tier: null,
      bridge: null,
      ups: null,
      help: null,
      languages: null,
      'expected.camera': 'ladakh/leh',
      'expected.microphone': 'ladakh/leh/vc-2',
      'expected.speaker': null,
    },
  });
  expect(table.resolve('ladakh/kargil').profile).toEqual({
    link: 'geo',
    elevationM: 0,
    expected: { camera: [{}], microphone: [{}], speaker: [{}] },
  });
});

test('tier, bridge, UPS, help and languages are inherited, and a lower level can set that it has no such value', () => {
  const bridge = { transport: 'udp', host: 'bridge.example.in', port: 5_060 } as const;
  const ups = { name: 'apc', host: 'localhost', port: 3_493 };
  const tree = createSiteTable([
    node('', { bridge, help: 'desk@example.in', languages: ['hi'] }),
    node('ladakh', { tier: 'sd' }),
    node('ladakh/leh', { ups }, {}),
    node('ladakh/leh/a'),
    node('ladakh/leh/b', { ups: null, bridge: null, help: null, languages: ['en', 'hi'] }),
  ]);
  expect(tree.resolve('ladakh/leh/a')).toMatchObject({
    profile: { tier: 'sd', bridge, ups, help: 'desk@example.in', languages: ['hi'] },
    origins: { tier: 'ladakh', bridge: '', ups: 'ladakh/leh' },
  });
  expect(tree.resolve('ladakh/leh/b').profile).toEqual({
    ...createSiteTable([]).resolve('').profile,
    tier: 'sd',
    languages: ['en', 'hi'],
  });
  expect(tree.resolve('ladakh/leh/b').origins).toMatchObject({ ups: 'ladakh/leh/b', bridge: 'ladakh/leh/b' });
});

test('PCs of live sites alert, PCs of sites in commissioning do not, and a closed site has no known PCs', () => {
  const closed = createSiteTable([...smallTree(), node('ladakh/old', {}, { stage: 'closed' }), node('ladakh/old/vc-1')]);
  expect(closed.known).toEqual([
    { pc: 'ladakh/kargil/vc-1', link: 'geo', elevationM: 0, alerts: false },
    { pc: 'ladakh/leh/vc-1', link: 'geo', elevationM: 3_524, alerts: true },
    { pc: 'ladakh/leh/vc-2', link: 'leo', elevationM: 3_524, alerts: true },
  ]);
  expect(closed.stageOf('ladakh/old/vc-1')).toBe('closed');
  expect(closed.pcsOf('ladakh/old')).toEqual(['ladakh/old/vc-1']);
  expect(closed.sites.map(({ path }) => path)).toEqual(['ladakh/kargil', 'ladakh/leh', 'ladakh/old']);
});

test('the place of a scope has the names that people use, also for scopes of the server', () => {
  expect(table.place('ladakh/leh/vc-1')).toEqual({
    site: { en: 'Name of ladakh/leh', hi: 'ladakh/leh का नाम' },
    room: { en: 'Name of ladakh/leh/vc-1', hi: 'ladakh/leh/vc-1 का नाम' },
    state: { en: 'Name of ladakh', hi: 'ladakh का नाम' },
    timeZone: 'Asia/Kolkata',
  });
  const contact = { name: 'Tashi Dorje', phone: '+91 1982 252010', email: '' };
  const leh = createSiteTable([
    ...smallTree(),
    node('goa'),
    node('goa/panaji', {}, { contact }),
    node('goa/panaji/vc-1'),
    node('goa/panaji/vc-2', { phone: '0832 1' }),
  ]);
  expect(leh.place('goa/panaji/vc-1')).toMatchObject({ phone: contact.phone, contact: contact.name });
  expect(leh.place('goa/panaji/vc-2')).not.toHaveProperty('contact');
  expect(leh.place('site:goa/panaji')).toMatchObject({ phone: contact.phone, contact: contact.name, room: { en: 'Name of goa/panaji' } });
  expect(leh.place('state:goa')).not.toHaveProperty('phone');
  const byId = createSiteTable([{ ...node('andhra-pradesh'), name: { en: 'andhra-pradesh', hi: 'andhra-pradesh' } }]);
  expect(byId.place('state:andhra-pradesh').room.en).toBe('Andhra Pradesh');
  expect(table.place('centre/unheard')).toMatchObject({
    site: { en: 'Name of the nation' },
    room: { en: 'list of rooms', hi: 'कमरों की सूची' },
  });
  expect(table.place('ladakh/leh/gone')).toMatchObject({ site: { en: 'Name of ladakh/leh' }, room: { en: 'ladakh/leh/gone' } });
  expect(createSiteTable([]).place('centre').site.hi).toMatch(/दफ़्तर/);
});

const own = (text: object) => {
  const read = readSettings(JSON.stringify({ site: text }));
  if (!read.ok || read.value.site === null) throw new Error('no site');
  return read.value.site;
};

test('the site of sabha.json is live at once and expects exactly the devices in the file', () => {
  const made = createSiteTable(
    nodesOfSettings(own({ state: 'tamil-nadu', profile: { elevationM: 7, expected: { camera: [{}], microphone: [] } } }), 5),
  );
  expect(made.known).toEqual([{ pc: 'tamil-nadu/this-office/this-pc', link: 'fibre', elevationM: 7, alerts: true }]);
  expect(made.resolve('tamil-nadu/this-office/this-pc').profile.expected).toEqual({ camera: [{}], microphone: [], speaker: [] });
  expect(made.node('tamil-nadu')?.name).toEqual({ en: 'Tamil Nadu', hi: 'Tamil Nadu' });
  expect(made.node('tamil-nadu/this-office')?.site).toMatchObject({ stage: 'live', stageAt: 5 });
});

test('the site of sabha.json may set tier, bridge and UPS; an incomplete tier, bridge or UPS stops the start with one line', () => {
  const ups = { name: 'apc', host: 'localhost', port: 3_493 };
  const made = createSiteTable(nodesOfSettings(own({ profile: { tier: 'hd', ups } }), 5));
  expect(made.resolve('capital/this-office/this-pc').profile).toMatchObject({ tier: 'hd', ups });
  const wrong = readSettings(JSON.stringify({ site: { profile: { bridge: { host: 'b.example.in', port: 5_060 } } } }));
  expect(wrong).toEqual({ ok: false, line: 'sabha.json: site.profile.bridge.transport: expected "transport", found undefined' });
});

test('the site of sabha.json overwrites neither an imported nation and state nor the facts of the site', () => {
  const site = node('ladakh/leh', {}, { latitude: 34, longitude: 77, stageAt: 1 });
  const held = createSiteTable([node('', { link: 'geo' }), node('ladakh'), site]);
  const nodes = nodesOfSettings(own({ state: 'ladakh', id: 'leh' }), 9, held);
  expect(nodes.map(({ path }) => path)).toEqual(['ladakh/leh', 'ladakh/leh/this-pc']);
  expect(nodes[0]?.site).toEqual(site.site);
  const planned = createSiteTable([node('ladakh/leh', {}, { stage: 'planned', stageAt: 1, latitude: 34 })]);
  const live = { stage: 'live', stageAt: 9, latitude: 34 };
  expect(nodesOfSettings(own({ state: 'ladakh', id: 'leh' }), 9, planned).at(-2)?.site).toMatchObject(live);
});
