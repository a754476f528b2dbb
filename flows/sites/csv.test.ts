import { expect, test } from 'vitest';
import { ofTier } from '../../test/figures.ts';
import { columns } from './columns.ts';
import { readCsv, toCsv } from './csv.ts';
import { node, smallTree } from './sites.test-helper.ts';
import { createSiteTable } from './table.ts';

const nothing = createSiteTable([]);
const header = columns.join(',');

function line(cells: Partial<Record<(typeof columns)[number], string>>): string {
  return columns.map((column) => cells[column] ?? '').join(',');
}

function problemsOf(lines: string[], table = nothing): string[] {
  return readCsv(lines.join('\n'), table, 1).problems.map(({ line: at, column, what }) => `${at} ${column}: ${what}`);
}

const leh = { state: 'ladakh', site: 'leh', name_en: 'Leh' };
const good = [header, line({ state: 'ladakh', name_en: 'Ladakh' }), line(leh)];

test('a new site in the file is planned, and a known site keeps its stage and dates', () => {
  const read = readCsv(good.join('\n'), nothing, 7);
  expect(read.problems).toEqual([]);
  expect(read.nodes[1]).toEqual({
    path: 'ladakh/leh',
    name: { en: 'Leh', hi: 'Leh' },
    layer: {},
    site: {
      stage: 'planned',
      stageAt: 7,
      cleanSince: null,
      latitude: null,
      longitude: null,
      isp: '',
      linkId: '',
      contact: { name: '', phone: '', email: '' },
    },
  });
  const held = createSiteTable([node('ladakh/leh', {}, { stage: 'commissioning', stageAt: 3, cleanSince: 4, isp: 'gone from the file' })]);
  expect(readCsv(good.join('\n'), held, 7).nodes[1]?.site).toMatchObject({ stage: 'commissioning', stageAt: 3, cleanSince: 4, isp: '' });
});

test('cells are read in any column order, with byte order mark, CR LF, quotes and empty lines', () => {
  const cells = {
    ...leh,
    name_hi: 'लेह',
    isp: '"BSNL, Leh"',
    contact_name: '"Tashi ""T"" Dorje"',
    cameras: 'Rally | Brio|',
    microphones: '2',
  };
  const order = columns.toReversed();
  const row = (cells: object) => order.map((column) => new Map(Object.entries(cells)).get(column) ?? '').join(',');
  const lines = [order.join(','), '', row({}), row({ state: 'ladakh', name_en: 'Ladakh' }), row(cells), ''];
  const { nodes, problems } = readCsv(`\ufeff${lines.join('\r\n')}`, nothing, 7);
  expect(problems).toEqual([]);
  expect(nodes[1]).toMatchObject({
    path: 'ladakh/leh',
    name: { en: 'Leh', hi: 'लेह' },
    layer: { expected: { camera: [{ match: 'Rally' }, { match: 'Brio' }, {}], microphone: [{}, {}] } },
    site: { isp: 'BSNL, Leh', contact: { name: 'Tashi "T" Dorje' } },
  });
});

test('empty device cells of a site inherit from the state or the nation, also if another device cell is filled', () => {
  const lines = [line({ name_en: 'India', cameras: '2' }), line({ state: 'ladakh', name_en: 'Ladakh', speakers: 'none' })];
  const { nodes } = readCsv([header, ...lines, line({ ...leh, microphones: 'Jabra' })].join('\n'), nothing, 1);
  expect(createSiteTable(nodes).resolve('ladakh/leh')).toMatchObject({
    profile: { expected: { camera: [{}, {}], microphone: [{ match: 'Jabra' }], speaker: [] } },
    origins: { 'expected.camera': '', 'expected.microphone': 'ladakh/leh', 'expected.speaker': 'ladakh' },
  });
});

test('the filled ids give the level of a line, also if a child precedes its parent', () => {
  const pc = { ...leh, pc: 'vc-1', name_en: 'Hall' };
  const read = readCsv(
    [header, line(pc), line(leh), line({ state: 'ladakh', name_en: 'Ladakh' }), line({ name_en: 'India' })].join('\n'),
    nothing,
    1,
  );
  expect(read.problems).toEqual([]);
  expect(read.nodes.map(({ path }) => path)).toEqual(['ladakh/leh/vc-1', 'ladakh/leh', 'ladakh', '']);
});

test.each<[string, Partial<Record<(typeof columns)[number], string>>, string]>([
  [
    'an id that is none',
    { ...leh, site: 'Leh Town' },
    '4 site: expected lower-case letters, digits and "-", at most 32, and not "all", found',
  ],
  ['no name', { ...leh, site: 'kargil', name_en: '' }, '4 name_en: must not be empty'],
  ['a long name', { ...leh, pc: 'a', name_hi: 'x'.repeat(81) }, '4 name_hi: expected at most 80 characters on one line, and no = + - @ as'],
  ['a formula', { ...leh, pc: 'a', name_en: '=HYPERLINK(1)' }, '4 name_en: expected a name of at most 80 characters on one line, and no ='],
  ['half a place', { ...leh, site: 'k', latitude: '34' }, '4 latitude: latitude and longitude belong together: write both'],
  ['no e-mail', { ...leh, site: 'k', contact_email: 'tashi' }, '4 contact_email: expected a valid email, found "tashi"'],
  ['too many cameras', { ...leh, pc: 'a', cameras: '9' }, '4 cameras: expected a number from 0 to 8, or up to 8 parts of names'],
  ['a script for help', { ...leh, site: 'k', help: 'javascript:alert(1)//{text}' }, '4 help: expected a mail address, or a chat such as'],
  ['a UPS without its host', { ...leh, pc: 'a', ups: 'apc' }, '4 ups: expected a UPS such as apc@localhost:3493, or none, found "apc"'],
  ['a group twice', { ...leh, site: 'k', groups: 'magadh|magadh' }, '4 groups: expected at most 20 groups with "|" between'],
  ['a PC without its site', { state: 'ladakh', pc: 'a', name_en: 'x' }, '4 site: a PC needs its site'],
  ['an unknown parent', { ...leh, state: 'goa' }, '4 state: goa is in neither this file nor the site table'],
  ['the same place twice', leh, '4 site: ladakh/leh appears twice: line 3 is the same place'],
  ['the facts of a site on a PC', { ...leh, pc: 'a', stage: 'live' }, '4 stage: only the line of a site may have this value'],
])('a line is reported with its line number and column if it has this problem: %s', (_what, cells, expected) => {
  const problems = problemsOf([...good, line(cells)]);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.slice(0, expected.length)).toBe(expected);
});

test('all problems are reported at once, and nothing of the file is imported', () => {
  const read = readCsv(
    [...good, line({ ...leh, pc: 'B', link: 'x', elevation_m: 'y' }), 'a,b', line({ ...leh, site: 'k', stage: 'z' })].join('\n'),
    nothing,
    1,
  );
  expect(read.nodes).toEqual([]);
  expect(read.problems.map(({ line: at, column }) => `${at} ${column}`).sort()).toEqual([
    '4 elevation_m',
    '4 link',
    '4 pc',
    '5 ',
    '6 stage',
  ]);
});

test('a line number counts lines of the file, also after a cell with a line break and after empty lines', () => {
  expect(problemsOf([header, '', line({ name_en: '"one\ntwo"' }), '', line({ state: 'X', name_en: 'y' })])).toEqual([
    expect.stringMatching(/^3 name_en: .*found "one two"$/),
    expect.stringMatching(/^6 state: /),
  ]);
});

test.each<[string, string, string]>([
  ['nothing', '', '1 : the file is empty'],
  ['semicolons', header.replaceAll(',', ';'), '1 : the cells are separated by ";": save the file as CSV with commas'],
  ['an unknown column', `${header},pin`, '1 pin: this column is not known'],
  ['many columns missing', 'state,site,pc,name_en', `1 : these columns are missing: ${header.split(',').slice(4, 19).join(', ')}`],
  [
    'a quote that is never closed',
    `${header}\n${line({ name_en: 'India' })}\n"ladakh,`,
    '3 : a quote is opened here or below and never closed',
  ],
  [
    'too many cells',
    `${header}\n${','.repeat(columns.length - 1)}x,y`,
    `2 : expected ${columns.length} cells as in the header, found ${columns.length + 1}`,
  ],
  ['more than the limit', 'x'.repeat(8 * 1024 * 1024 + 1), '1 : the file is larger than 8 MiB'],
])('a file with this problem is refused with one line: %s', (_what, text, expected) => {
  expect(problemsOf([text])).toEqual([expected]);
});

test.each([
  ['planned', 'live', 'live'],
  ['live', 'closed', 'closed'],
  ['live', '', 'live'],
  ['commissioning', 'planned', 'commissioning'],
  ['closed', 'live', 'closed'],
] as const)('the current stage %s of a site and the stage %j in a file give the stage %s', (from, to, then) => {
  const held = createSiteTable([node('ladakh'), node('ladakh/leh', {}, { stage: from, stageAt: 3, cleanSince: 4 })]);
  const { nodes, problems } = readCsv([header, line({ ...leh, stage: to })].join('\n'), held, 9);
  expect(problems).toEqual([]);
  expect(nodes[0]?.site).toMatchObject(from === then ? { stage: then, stageAt: 3, cleanSince: 4 } : { stage: then, stageAt: 9 });
});

test('a phone number is written with a text mark for spreadsheets, and is read with or without it', () => {
  const tree = [node('ladakh'), node('ladakh/leh', {}, { contact: { name: '', phone: '01982252010', email: '' } })];
  const text = toCsv(createSiteTable(tree));
  expect(text).toContain(`,'01982252010,`);
  for (const file of [text, text.replace(",'0", ',0')]) expect(readCsv(file, nothing, 0)).toEqual({ nodes: tree, problems: [] });
});

test('an export has a byte order mark, a header and CR LF line ends', () => {
  const text = toCsv(createSiteTable(smallTree()));
  expect(text.split('\r\n')[0]).toBe(`\ufeff${header}`);
  expect(text.split('\r\n')[5]).toBe(
    'ladakh,leh,,Name of ladakh/leh,ladakh/leh का नाम,live,3524,34.1526,77.5771,,,,,,,,Rally|,,,,,,,,,,,,,,,',
  );
});

test.each(ofTier(['a,b'], ['a,b', ',', '""']))(
  'reading a file with a million lines %s takes hardly longer than its first 50,002 lines',
  { tags: ['long'] },
  (text) => {
    const takesMs = (lines: number) => {
      const startedAt = process.cpuUsage();
      expect(problemsOf([`${header}\n${`${text}\n`.repeat(lines)}`])).toEqual(['50002 : the file has more than 50000 lines']);
      return process.cpuUsage(startedAt).user;
    };
    const [first, all] = [takesMs(50_002), takesMs(1_000_000)];
    // Reading to the end of the file would take twenty times as long.
    expect(all / first).toBeLessThan(5);
  },
);

test.each(['\u200b', '\u200f', '\u202e', '\u{e0041}', '\u001b[2J', '\ud800'])(
  'a name with the invisible character %j is refused',
  (mark) => {
    expect(problemsOf([header, line({ ...leh, name_en: `Leh${mark}` })], createSiteTable([node('ladakh')]))[0]).toMatch(/^2 name_en: /);
  },
);

test('a missing newer column keeps the values of the table, and an empty column clears them', () => {
  const tree = [node('ladakh'), node('ladakh/leh', { tier: 'sd', ups: { name: 'apc', host: 'localhost', port: 3_493 } }, {})];
  const early = columns.filter(
    (column) => !/^(least_tier|bridge|ups|displays|programs|help|languages|room_phone|way_in|spare)$/.test(column),
  );
  const row = (names: readonly string[]) => names.map((name) => ({ ...leh, name_hi: 'लेह' })[name as 'site'] ?? '').join(',');
  const layerOf = (names: readonly string[]) => readCsv([names.join(','), row(names)].join('\n'), createSiteTable(tree), 1).nodes[0]?.layer;
  expect(layerOf(early)).toEqual(tree[1]?.layer);
  expect(layerOf([...early, 'ups'])).toEqual({ tier: 'sd' });
  expect(layerOf(columns)).toEqual({});
});

test.each([
  ['sip:10.1.2.3', 'sip:10.1.2.3:5060;transport=udp'],
  ['sip:b.example.in;transport=tls', 'sip:b.example.in:5061;transport=tls'],
  ['none', 'none'],
])('the bridge %s is stored as %s', (bridge, kept) => {
  const { nodes } = readCsv([...good, line({ ...leh, pc: 'a', bridge })].join('\n'), nothing, 1);
  expect(toCsv(createSiteTable(nodes))).toMatch(new RegExp(`,"?${kept}"?,`));
});

test('hours and closing time are optional columns and inherited from the level above', () => {
  const rows = [
    header,
    line({ name_en: 'All', vc_hours: 'Mon-Fri 09:30-18:00', closes: '18:30' }),
    line({ state: 'ladakh', name_en: 'Ladakh' }),
    line({ ...leh, closes: 'none' }),
  ];
  const { nodes, problems } = readCsv(rows.join('\n'), nothing, 1);
  expect(problems).toEqual([]);
  const table = createSiteTable(nodes);
  const vc = [{ days: [1, 2, 3, 4, 5], from: 570, to: 1_080 }];
  expect(table.resolve('ladakh').office).toEqual({ vc, closes: 1_110 });
  expect(table.resolve('ladakh/leh').office).toEqual({ vc, closes: null });
  expect(nothing.resolve('ladakh/leh').office).toBeUndefined();
  const older = toCsv(table).replaceAll(/,vc_hours,closes|,Mon-Fri 09:30-18:00,18:30|,,none|,,(?=\r\n)/g, '');
  expect(readCsv(older, table, 1)).toMatchObject({ problems: [], nodes });
  expect(problemsOf([header, line({ name_en: 'All', vc_hours: 'always', closes: '6 pm' })])).toEqual([
    '2 vc_hours: expected hours such as Mon-Fri 09:30-18:00 (more with ";" between, days are Mon Tue Wed Thu Fri Sat Sun), or none, found "always"',
    '2 closes: expected a time of day such as 18:30, or none, found "6 pm"',
  ]);
});
