import { actionIn, faultIds, type MessageLanguage, messageLanguages, type Severity, severities, stepsOf, titleIn } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import type { Notice } from '../../engine/records/notices.ts';
import { countLetters } from './channels/kit/plain.ts';
import { bodyOf, notice } from './people.test-helper.ts';
import { footerMark, partsForPage, render, textLimit } from './words.ts';

const kinds: Notice['kind'][] = ['raised', 'worsened', 'eased', 'cleared', 'closed', 'unfinished', 'direct'];
const since = Date.UTC(2026, 2, 3, 8, 35);
const at = Date.UTC(2026, 2, 3, 8, 50);
test('the subject of a message has the full names of office and room, and the state if it fits', () => {
  const site = { en: 'District office, Kozhikode', hi: 'ज़िला कार्यालय, कोझिकोड' };
  const room = { en: 'Conference room 2', hi: 'कॉन्फ़्रेंस रूम, दूसरी मंज़िल' };
  const state = { en: 'Kerala', hi: 'केरल' };
  const subjectIn = (language: MessageLanguage, changes: Partial<Notice> = {}) =>
    render(notice({ site, state, room, ...changes }), language).subject;
  expect(subjectIn('en')).toBe('District office, Kozhikode: Critical: Microphone not found, Conference room 2');
  expect(subjectIn('hi')).toBe('ज़िला कार्यालय, कोझिकोड, केरल: बहुत ज़रूरी: माइक नहीं मिल रहा, कॉन्फ़्रेंस रूम, दूसरी मंज़िल');
  expect(subjectIn('en', { site: { en: 'Kozhikode', hi: '' } })).toBe(
    'Kozhikode, Kerala: Critical: Microphone not found, Conference room 2',
  );
});

test('a name too long for a subject keeps its first and last words, and the title stays whole', () => {
  const long = { en: `Office of the Deputy Commissioner,\nLeh and ${'all its blocks '.repeat(9)}`, hi: '' };
  const { subject } = render(notice({ site: long, room: long }), 'en');
  expect(subject).toBe('Office…all its blocks: Critical: Microphone not found, Office…all its blocks');
  const hi = 'उपायुक्त कार्यालय का बड़ा सम्मेलन कक्ष '.repeat(3);
  const inHindi = render(notice({ room: { en: hi, hi } }), 'hi').subject;
  expect(inHindi).toMatch(/^लेह: बहुत ज़रूरी: माइक नहीं मिल रहा, उपायुक्त…का बड़ा .* सम्मेलन कक्ष$/);
});

test.each([
  ['district office', 'ज़िला कार्यालय तिरुवनंतपुरम केंद्र', 'hi', 'तिरुवनंतपुरम'],
  ['district office', 'जिल्हा कार्यालय रत्नागिरी दक्षिण विभाग', 'mr', 'विभाग'],
] as const)('the subject for a %s in another script keeps the name of the office: %s', (en, hi, language, kept) => {
  const { subject } = render(notice({ site: { en, hi }, room: { en: '', hi: 'कॉन्फ़्रेंस रूम, दूसरी मंज़िल' } }), language);
  expect(subject.split(': ')[0]).toContain(kept);
});

test('the first line of a text has the full names if they fit', () => {
  const room = { en: 'Video conferencing room of the Additional Deputy Commissioner', hi: 'अपर उपायुक्त (विकास) का वीडियो कॉन्फ़्रेंस रूम' };
  const firstIn = (language: MessageLanguage, more: Partial<Notice> = {}) =>
    render(notice({ room, ...more }), language).text.split('\n')[0];
  expect([firstIn('en'), firstIn('hi')]).toEqual([`Leh, ${room.en}`, `लेह, ${room.hi}`]);
  expect(partsForPage(notice({ room }), 'hi').place).toBe(`लेह, ${room.hi}`);
  // Names are cut if the full ones exceed one screen.
  const long = { fault: 'microphone.missing', device: '', name: 'x'.repeat(80), reason: 'y'.repeat(200), since };
  expect(firstIn('en', { site: { en: 'x'.repeat(90), hi: '' }, state: { en: 'y'.repeat(90), hi: '' }, faults: [long] })).toHaveLength(94);
});

test('the message about a closed incident gives the reason, in Hindi too; a reason without Hindi words is printed unchanged', () => {
  const hi = (reason: string) => render(notice({ kind: 'closed', lines: [reason] }), 'hi').text;
  expect(hi('no longer checked')).toContain('वजह: अब इसकी जाँच नहीं होती।');
  expect(hi('site closed')).toContain('वजह: यह साइट बंद कर दी गई है।');
  expect(hi('moved to goa/panaji/vc-1')).toContain('वजह: यह PC यहाँ चला गया है: goa/panaji/vc-1।');
  expect(hi('PC moved')).toContain('वजह: PC moved।');
});

test('the message that the tabs were refused shows the whole reason', () => {
  const reason = 'stranger (telegram sender): nodes of type "telegram sender" are not used on the tabs';
  const place = { scope: 'centre', room: { en: 'the server itself' }, site: { en: 'All offices' } };
  const own = { ...place, faults: [{ ...notice().faults[0], fault: 'centre.tabs_refused', name: null, reason }] } as Partial<Notice>;
  for (const language of messageLanguages) {
    expect(render(notice({ ...own, severity: 'major' }), language).text).toContain(` (${reason})`);
  }
});

test('the alerts that the default route bundles are listed with the action for central', () => {
  const lines = Array.from({ length: 9 }, (_, i) => `Site ${i}, Conference room: Microphone not found (raised)`);
  const { subject, text } = render(notice({ kind: 'unfinished', incident: null, severity: 'major', faults: [], lines }), 'en');
  expect(subject).toBe('Leh: Major: A flow in the editor did not finish, Conference room');
  expect(text).toMatch(/Site 0, Conference room: Microphone not found \(raised\); Site 1, .*; and \d more\n/);
  expect(text).toContain('1. Open the editor.\n2. Look for a missing wire on the way to the node Conclude.');
  expect(text.endsWith(`${footerMark}Sabha\n`)).toBe(true);
});

test('the message about a raise whose incident is over says that it is over, in place of the action', () => {
  for (const kind of ['raised', 'worsened', 'eased'] as const) {
    const { subject, text } = render(notice({ kind, phone: '01982 252010' }), 'en', { over: true });
    expect(subject).toContain('Already over: Microphone not found');
    expect(text).toContain('It is already over. Nothing to do.');
    expect(text).not.toMatch(/Unplug|01982/);
  }
  expect(render(notice({ kind: 'cleared' }), 'en', { over: true })).toEqual(render(notice({ kind: 'cleared' }), 'en'));
});

describe('lists in messages', () => {
  const named = (fault: string, name: string | null, device = 'd') => ({ fault, device, name, reason: null, since });

  test('in a list, further faults follow as far as they fit, and the rest is counted', () => {
    const few = [named('microphone.missing', 'A'), named('microphone.missing', 'B'), named('camera.missing', null)];
    expect(render(notice({ faults: few }), 'en').text.split('\n')[2]).toBe('Also: B; Camera not found');
    const many = Array.from({ length: 500 }, (_, i) => named('centre.unheard', `ladakh/site-${i}/pc-1`));
    expect(render(notice({ faults: many }), 'en').text).toMatch(/Also: ladakh\/site-1\/pc-1; .*; and \d{3} more\n/);
  });

  test('rooms that differ only in a number keep their whole names', () => {
    const halls = [1, 2, 3].map((hall) => named('centre.unheard', `Hall ${hall}`, `ladakh/leh/vc-${hall}`));
    const { text } = render(notice({ kind: 'worsened', severity: 'major', joins: true, faults: halls }), 'en');
    expect(text).toContain('3 more, Major: PCs that do not answer the server: Hall 1\nAlso: Hall 2; Hall 3\n');
  });

  test('PCs with the same name are listed by their path', () => {
    const twin = (pc: string) => named('centre.unheard', 'Conference room, Leh', pc);
    const { text } = render(notice({ faults: [twin('ladakh/leh/vc-1'), twin('ladakh/leh/vc-2')] }), 'en');
    expect(text).toContain('the server: ladakh/leh/vc-1\nAlso: ladakh/leh/vc-2\n');
  });
});

test('the message about a fault that this version does not know prints the id of the fault', () => {
  const { text } = render(notice({ faults: [{ fault: 'laser.lost', device: 'y', name: 'x', reason: null, since }] }), 'hi');
  expect(text).toContain('बहुत ज़रूरी: laser.lost: x\n');
});

test('a message with an impossible time zone or time is rendered without an error', () => {
  expect(render(notice({ timeZone: 'Moon/Base' }), 'en').text).toContain('Since 3 Mar, 08:35 UTC.');
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, 1e300]) {
    const faults = [{ fault: 'pc.silent', device: '', name: null, reason: null, since: odd }];
    expect(render(notice({ faults, at: odd }), 'hi').text).toContain(' बजे से।');
  }
});

test('a missing name falls back from Hindi to English, and without any name to the scope', () => {
  expect(render(notice({ room: { en: 'Hall', hi: '' } }), 'hi').text).toContain('लेह, Hall');
  expect(render(notice({ room: { en: '', hi: '' }, site: { en: '', hi: '' } }), 'en').subject).toContain(', ladakh/leh/pc-1');
});

describe('one screen of a small phone', () => {
  const nasty = '$(reboot)"</script>\r\nBcc: all@office.test\u202e'.repeat(20);
  const names = { en: nasty, hi: 'कॉन्फ़्रेंस रूम '.repeat(9) };
  /** In the default tier each kind runs in one language with every third fault. */
  const all = kinds.flatMap((kind, row) =>
    messageLanguages.map((language, column) => ({ kind, language, row, isOfDesk: row % 3 === column })),
  );
  const worst = ofTier(
    all.filter(({ isOfDesk }) => isOfDesk),
    all,
  );

  test.each(worst)(
    'a message of the kind $kind in $language fits one screen for every fault with the longest names',
    ({ kind, language, row }) => {
      for (const [nth, fault] of [...faultIds, 'x'.repeat(64)].entries())
        for (const severity of ofTier<readonly Severity[]>(
          nth % 3 === row % 3 ? [severities[nth % severities.length] ?? 'minor'] : [],
          severities,
        )) {
          const one = { fault, device: nasty, name: nasty, reason: nasty, since };
          const many = {
            faults: Array(9).fill(one),
            rest: Array(9).fill(one),
            lines: Array(9).fill(nasty),
            timeZone: 'Nowhere/At-All',
            counted: 99,
          };
          for (const over of [false, true]) {
            const places = { site: names, state: names, room: names, phone: nasty, wayIn: nasty };
            const { subject, text } = render(notice({ kind, severity, at, flapping: true, ...places, ...many }), language, { over });
            expect(bodyOf(text).length).toBeLessThanOrEqual(textLimit);
            expect(countLetters(subject)).toBeLessThanOrEqual(160);
            expect(subject.length).toBeLessThanOrEqual(240);
            expect(subject).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
            expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
            expect(text).not.toMatch(/[०-९]/);
            expect(bodyOf(text).split('\n').length).toBeLessThanOrEqual(8);
          }
        }
    },
  );

  test('every fault with ordinary names keeps all its steps', () => {
    for (const fault of faultIds) {
      for (const language of messageLanguages) {
        const { text } = render(notice({ faults: [{ fault, device: '', name: 'Jabra Speak 510', reason: null, since }] }), language);
        for (const step of stepsOf(actionIn(fault, language) ?? '')) expect(text).toContain(step);
        expect(text).toContain(titleIn(fault, language));
      }
    }
  });
});

test('an alert that is urgent for a meeting gives its time at the site until the incident is over', () => {
  const meeting = { at: Date.UTC(2026, 2, 3, 5, 30), title: 'Review' };
  expect(render(notice({ meeting }), 'en').text).toContain('\nMeeting at 11:00.\n');
  expect(render(notice({ meeting }), 'hi').text).toContain('\n11:00 बजे मीटिंग है।\n');
  expect(render(notice({ meeting, kind: 'cleared' }), 'en').text).not.toContain('Meeting at');
  expect(render(notice({ meeting }), 'en', { over: true }).text).not.toContain('Meeting at');
});

test.each([
  ['of the same beginning', ['Nalanda', 'Gaya', 'Patna'].map((town) => `Conference room, District office ${town}`), 'Nalanda; Gaya; Patna'],
  [
    'of two kinds of office',
    ['Video room, Block development office Rajgir', 'Video room, Block development office Hilsa', 'Hall, Leh'],
    'Rajgir; Hilsa; Hall, Leh',
  ],
  [
    'of which the short names would be alike',
    ['Conference room, District office', 'Conference room, District court'].flatMap((one) => [`${one} Patna`, `${one} Gaya`]),
    'Conference room, District office Patna; Conference room, District office Gaya; Conference room, District court Patna; Conference room, District court Gaya',
  ],
])('each of many rooms %s has a distinct name in the list', (_, rooms, list) => {
  const many = { kind: 'spread' as const, down: rooms.length, of: 60, names: rooms.map((en) => ({ en, hi: en })) } satisfies Notice['many'];
  const faults = [{ fault: 'centre.spread', device: 'camera.missing', name: 'Logi Rally', reason: null, since }];
  expect(render(notice({ faults, many }), 'en').text).toContain(`${rooms.length} rooms: ${list}\n`);
});
