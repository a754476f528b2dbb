import { faultIds, messageLanguages, outageCauses } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import type { Notice } from '../../../engine/records/notices.ts';
import { notice } from '../people.test-helper.ts';
import { lintTemplates } from './lint.test-helper.ts';
import {
  basicOf,
  fixedPartOf,
  longestText,
  registeredText,
  type SmsTemplate,
  sizeOf,
  smsOf,
  templatesCsv,
  templatesWith,
  usableUrl,
} from './sms.ts';

const since = Date.UTC(2026, 2, 3, 8, 35);
const link = 'https://vc.gov.in/?#/incident/17';
const kinds: Notice['kind'][] = ['raised', 'worsened', 'eased', 'cleared', 'closed', 'unfinished', 'direct'];

describe('segments of an SMS', () => {
  test.each([
    ['', 'gsm7', 0, 0],
    ['a'.repeat(160), 'gsm7', 160, 1],
    ['a'.repeat(161), 'gsm7', 161, 2],
    ['a'.repeat(306), 'gsm7', 306, 2],
    ['a'.repeat(307), 'gsm7', 307, 3],
    ['क'.repeat(70), 'ucs2', 70, 1],
    ['क'.repeat(71), 'ucs2', 71, 2],
    ['क'.repeat(135), 'ucs2', 135, 3],
    ['€[]{}|~^\\', 'gsm7', 18, 1],
    ['ñ@£_Ω', 'gsm7', 5, 1],
    ['…', 'ucs2', 1, 1],
    ['😀', 'ucs2', 2, 1],
  ] as const)('sizeOf returns for the text %j: encoding %s, %d units, %d segments', (text, encoding, units, segments) => {
    expect(sizeOf(text)).toEqual({ encoding, units, segments });
  });

  test('an escape sequence or a surrogate pair is not split between two segments', () => {
    const full = (each: number, sign: string) => `${'a'.repeat(each - 1)}${sign}`;
    expect(sizeOf(full(153, '€') + full(153, '€'))).toMatchObject({ units: 308, segments: 3 });
    expect(sizeOf(`${'क'.repeat(66)}😀${'क'.repeat(65)}`)).toMatchObject({ units: 133, segments: 2 });
    expect(sizeOf(`${'क'.repeat(66)}😀${'क'.repeat(66)}`)).toMatchObject({ units: 134, segments: 3 });
  });

  test('basicOf converts a name to characters that take one unit each', () => {
    expect(basicOf('Pañaji – Śrī [Hall]')).toBe('Pañaji - Sri Hall');
    expect(basicOf('लेह')).toBe('');
  });
});

describe('registered texts', () => {
  const good = templatesWith(true);
  const one = good[0] as SmsTemplate;

  test('every text passes the check with and without a link, and each fault has a text in each language', () => {
    expect(lintTemplates(good)).toEqual([]);
    expect(lintTemplates(templatesWith(false))).toEqual([]);
    for (const language of messageLanguages)
      for (const id of faultIds) expect(good.some((text) => text.id === `news.${id}.${language}.fixed`)).toBe(true);
  });

  test.each<[string, Partial<SmsTemplate>, string]>([
    ['too long', { text: `${'x'.repeat(300)} {site} Sabha` }, 'takes 3 segments at its longest (331 units of gsm7), at most 2'],
    ['without a tag', { text: '{site} and {who} Sabha' }, '{who} has no tag'],
    ['a blank twice', { text: '{site} and {site} Sabha' }, '{site} stands twice'],
    ['longer than its tag', { blanks: [{ name: 'site', tag: 'url', limit: 41 }] }, '{site} is longer than #url# may be'],
    ['blanks side by side', { text: '{site} {n} Sabha' }, 'two blanks have nothing between them'],
    ['an address in it', { text: '{site}: https://x.example Sabha' }, 'an address or a number stands in its text'],
    ['a phone number in it', { text: '{site}: call 01982252010 Sabha' }, 'an address or a number stands in its text'],
    ['no sender', { text: '{site}: broken' }, 'does not say who sends it ("Sabha")'],
    ['a stray brace', { text: '{site}: { Sabha' }, 'has a brace that is no blank'],
  ])('the check of the registered texts refuses a text with this fault: %s', (_what, change, line) => {
    const blanks = [{ name: 'site', tag: 'alphanumeric', limit: 24 } as const, { name: 'n', tag: 'numeric', limit: 7 } as const];
    const wrong = lintTemplates([{ ...one, text: '{site}: broken {n}. Sabha', blanks, ...change }]);
    expect(wrong.filter((text) => text.includes(line))).toHaveLength(1);
  });

  test('the check of the registered texts refuses two texts with the same id', () => {
    expect(lintTemplates([one, one])).toEqual([`${one.id}: stands twice`]);
  });

  test('a registered text has tags for blanks, and its longest form takes at most two segments', () => {
    const news = good.find(({ id }) => id === 'news.camera.missing.en.fixed') as SmsTemplate;
    expect(registeredText(news)).toBe(
      '#alphanumeric#, #alphanumeric#: Camera not found, since #alphanumeric#. Incident #numeric#: #url# Sabha',
    );
    expect(longestText(news)).toContain('0'.repeat(40));
  });

  test('the export lists each text with its tags, its length and the address to register', () => {
    const csv = templatesCsv(link);
    const lines = csv.split('\r\n');
    expect(lines[0]).toBe('\ufeffid,language,form,text,blanks,encoding,longest,segments,register_url');
    expect(lines).toHaveLength(good.length + 2);
    expect(csv).toContain('news.camera.missing.en.fixed,en,fixed');
    expect(csv).toContain(',https://vc.gov.in/?\r\n');
    expect(csv).toContain('news.hi.open,hi,open,"#alphanumeric#, #alphanumeric#: #alphanumeric#, #alphanumeric# से। अलर्ट #numeric#। Sabha"');
    expect(templatesCsv(undefined)).not.toContain('#url#');
  });
});

describe('SMS', () => {
  test("an SMS is a registered text with filled blanks: names in Latin letters in the form `fixed`, in the reader's script in the form `open`", () => {
    expect(smsOf(notice(), { language: 'en', form: 'fixed', link })).toMatchObject({
      template: 'news.microphone.missing.en.fixed',
      text: `Leh, Conference room: Microphone not found, since 14:05 3/3. Incident 17: ${link} Sabha`,
      size: { segments: 1 },
    });
    expect(smsOf(notice(), { language: 'hi', form: 'fixed' }).text).toBe(
      'Leh, Conference room: माइक नहीं मिल रहा, 14:05 3/3 से। अलर्ट 17। Sabha',
    );
    expect(smsOf(notice(), { language: 'hi', form: 'open' }).text).toBe('लेह, कॉन्फ़्रेंस रूम: माइक नहीं मिल रहा, 14:05 3/3 से। अलर्ट 17। Sabha');
  });

  test.each([
    ['Director’s room – 1st floor', 'Leh – North District Office'],
    ['😀'.repeat(40), '🏔'.repeat(40)],
  ])('with the name %j an open text takes at most two segments', (room, site) => {
    const faults = [{ fault: 'audio.of_a_newer_agent', device: '', name: null, reason: null, since }];
    const one = notice({ faults, room: { en: room, hi: room }, site: { en: site, hi: site } });
    const sizes = messageLanguages.map(
      (language) => smsOf(one, { language, form: 'open', link: 'https://sabha.gov.in/?#/incident/1234567' }).size,
    );
    expect(Math.max(...sizes.map(({ segments }) => segments))).toBeLessThanOrEqual(2);
  });

  test('smsOf uses the open text for a fault without its own registered text', () => {
    const odd = notice({ faults: [{ fault: 'laser.lost', device: '', name: null, reason: null, since }] });
    expect(smsOf(odd, { language: 'en', form: 'fixed' })).toMatchObject({ template: 'news.en.open', values: { title: 'laser.lost' } });
    const word = notice({ kind: 'direct', incident: null, faults: [], lines: ['the moon fell'] });
    expect(smsOf(word, { language: 'en', form: 'fixed' })).toMatchObject({
      template: 'direct.en.open',
      values: { title: 'the moon fell' },
    });
  });

  const forms = messageLanguages.flatMap((language) => (['fixed', 'open'] as const).map((form) => ({ language, form })));
  const long = { en: 'Conference room of the district office [west]', hi: 'कॉन्फ़्रेंस रूम ज़िला कार्यालय'.repeat(3) };
  const faultsOf = (fault: string) => [{ fault, device: '', name: null, reason: null, since }];
  const outages = outageCauses.map((cause) => ({
    faults: faultsOf('pc.silent'),
    outage: { cause, confidence: 0.8, from: since, to: null },
  }));
  const all: Partial<Notice>[] = [
    ...[...faultIds, 'x'.repeat(64)].map((fault) => ({ faults: faultsOf(fault) })),
    ...outages,
    ...kinds.map((kind) => ({ kind, lines: ['disk_full'] })),
  ];

  test.each(forms)('an SMS takes at most two segments in $language, $form, with any name', ({ language, form }) => {
    for (const changes of all) {
      const worst = notice({ site: long, room: long, incident: 9_999_999, ...changes });
      expect(smsOf(worst, { language, form, link }).size.segments).toBeLessThanOrEqual(2);
    }
  });
});

test.each([-1, 1.5, 10_000_000, Number.NaN])('the text for incident %d is refused, because the number does not fit its tag', (incident) => {
  expect(smsOf(notice({ incident }), { language: 'en', form: 'fixed' }).wrong).toMatch(/^\{n\} is no #numeric#: /);
});

test('a link longer than its tag is left out, and only its part up to the "?" is registered', () => {
  expect(usableUrl(`https://${'x'.repeat(40)}.example/?1`)).toBeUndefined();
  expect(usableUrl('http://a.example/?1')).toBeUndefined();
  expect(usableUrl(link)).toBe(link);
  expect([fixedPartOf(link), fixedPartOf('https://a.example/b')]).toEqual(['https://vc.gov.in/?', 'https://a.example/b']);
});
