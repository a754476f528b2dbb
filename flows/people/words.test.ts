import { describe, expect, test } from 'vitest';
import { faultIds, faults, languages, outageCauses, severities } from '#contracts';
import type { Notice } from '../records/notices.ts';
import { notice } from './people.test-helper.ts';
import { footerMark, render, textLimit } from './words.ts';

const kinds: Notice['kind'][] = ['raised', 'worsened', 'eased', 'cleared', 'closed', 'unfinished', 'direct'];
const since = Date.UTC(2026, 2, 3, 8, 35);
const at = Date.UTC(2026, 2, 3, 8, 50);

function bodyOf(text: string): string {
  return text.slice(0, text.indexOf(footerMark));
}

test('a raise says what, where, since when on the site’s clock, and what to do first, in this order', () => {
  expect(render(notice(), 'en')).toEqual({
    subject: 'Critical: Microphone not found, Conference room, Leh',
    text: [
      'Critical: Microphone not found: Jabra Speak 510',
      'Conference room, Leh',
      'Since 3 Mar, 14:05.',
      `First: ${faults['microphone.missing'].action.en}`,
      '-- ',
      'Incident 17 · Sabha',
      '',
    ].join('\n'),
  });
});

test('the same in Hindi', () => {
  expect(render(notice(), 'hi')).toEqual({
    subject: 'बहुत ज़रूरी: माइक नहीं मिल रहा, कॉन्फ़्रेंस रूम, लेह',
    text: [
      'बहुत ज़रूरी: माइक नहीं मिल रहा: Jabra Speak 510',
      'कॉन्फ़्रेंस रूम, लेह',
      '3 मार्च, 14:05 बजे से।',
      `पहले यह करें: ${faults['microphone.missing'].action.hi}`,
      '-- ',
      'अलर्ट 17 · Sabha',
      '',
    ].join('\n'),
  });
});

test('each kind says its own news', () => {
  const en = (changes: Partial<Notice>) => bodyOf(render(notice({ at, ...changes }), 'en').text).split('\n');
  expect(en({ kind: 'worsened' })[0]).toBe('Got worse, Critical: Microphone not found: Jabra Speak 510');
  expect(en({ kind: 'worsened', severity: 'minor', joins: true })[0]).toBe('One more, Minor: Microphone not found: Jabra Speak 510');
  expect(en({ kind: 'eased' }).at(-1)).toBe('The rest of the incident is still open.');
  expect(en({ kind: 'cleared' }).slice(2)).toEqual(['From 3 Mar, 14:05 to 3 Mar, 14:20.', 'Nothing more to do.']);
  expect(en({ kind: 'cleared' })[0]).toBe('Cleared: Microphone not found: Jabra Speak 510');
  expect(en({ kind: 'closed', lines: ['no longer checked'] }).slice(2)).toEqual([
    'From 3 Mar, 14:05 to 3 Mar, 14:20.',
    'Why: no longer checked.',
  ]);
});

test('a close says why, in Hindi too; a reason without Hindi words is printed as it is', () => {
  const hi = (reason: string) => render(notice({ kind: 'closed', lines: [reason] }), 'hi').text;
  expect(hi('no longer checked')).toContain('वजह: अब इसकी जाँच नहीं होती।');
  expect(hi('site closed')).toContain('वजह: यह साइट बंद कर दी गई है।');
  expect(hi('moved to goa/panaji/vc-1')).toContain('वजह: यह PC यहाँ चला गया है: goa/panaji/vc-1।');
  expect(hi('PC moved')).toContain('वजह: PC moved।');
});

test('what the default route bundles is listed, with what central is to do', () => {
  const lines = Array.from({ length: 9 }, (_, i) => `Site ${i}, Conference room: Microphone not found (raised)`);
  const { subject, text } = render(notice({ kind: 'unfinished', incident: null, severity: 'major', faults: [], lines }), 'en');
  expect(subject).toBe('Major: A flow did not finish, Conference room, Leh');
  expect(text).toMatch(/Site 0, Conference room: Microphone not found \(raised\); Site 1, .*; and 7 more\n/);
  expect(text).toContain(`First: ${faults['centre.flow_unfinished'].action.en}`);
  expect(text.endsWith(`${footerMark}Sabha\n`)).toBe(true);
});

test('a word told directly names its reason, the detail and what to do', () => {
  const direct: Partial<Notice> = { kind: 'direct', incident: null, faults: [] };
  const { subject, text } = render(notice({ ...direct, lines: ['disk_full', 'SQLITE_FULL'] }), 'hi');
  expect(subject).toContain('बहुत ज़रूरी: सेंट्रल मशीन की डिस्क भर गई है');
  expect(text).toContain('SQLITE_FULL');
  expect(text).toContain('पहले यह करें: सेंट्रल मशीन की डिस्क में जगह बनाएँ।');
  expect(render(notice({ ...direct, lines: ['the moon fell'] }), 'en').subject).toContain('Critical: the moon fell');
});

test('flapping adds one sentence', () => {
  expect(render(notice({ flapping: true }), 'en').text).toContain('Since 3 Mar, 14:05. It comes and goes.\n');
  expect(render(notice({ flapping: true }), 'hi').text).toContain('यह बार-बार आ-जा रहा है।');
});

test('a raise that waited until the incident was over says so in place of the action', () => {
  for (const kind of ['raised', 'worsened', 'eased'] as const) {
    const { subject, text } = render(notice({ kind }), 'en', true);
    expect(subject).toContain('Already over: Microphone not found');
    expect(text).toContain('It is already over. Nothing to do.');
    expect(text).not.toContain('First:');
  }
  expect(render(notice({ kind: 'cleared' }), 'en', true)).toEqual(render(notice({ kind: 'cleared' }), 'en'));
});

test('further faults follow as far as they fit, and the rest is counted', () => {
  const named = (fault: string, name: string | null) => ({ fault, device: 'd', name, reason: null, since });
  const few = [named('microphone.missing', 'A'), named('microphone.missing', 'B'), named('camera.missing', null)];
  expect(render(notice({ faults: few }), 'en').text.split('\n')[1]).toBe('Also: B; Camera not found');
  const many = Array.from({ length: 500 }, (_, i) => named('centre.unheard', `ladakh/site-${i}/pc-1`));
  expect(render(notice({ faults: many }), 'en').text).toMatch(/Also: ladakh\/site-1\/pc-1; .*; and \d{3} more\n/);
});

test('the program that holds the camera is named', () => {
  const held = [{ fault: 'camera.held', device: '', name: null, reason: 'firefox', since }];
  expect(render(notice({ faults: held }), 'en').text).toContain('Camera held by a program for hours (firefox)\n');
});

test('what the machine says in fixed words is told in Hindi too', () => {
  const behind = [{ fault: 'clock.wrong', device: '', name: null, reason: 'behind the centre', since }];
  expect(render(notice({ faults: behind }), 'hi').text).toContain('(सेंटर से पीछे है)');
});

test('a fault that this version does not know prints as itself', () => {
  const { text } = render(notice({ faults: [{ fault: 'laser.lost', device: 'y', name: 'x', reason: null, since }] }), 'hi');
  expect(text).toContain('बहुत ज़रूरी: laser.lost: x\n');
});

test('a time zone or a time that cannot be stops no message', () => {
  expect(render(notice({ timeZone: 'Moon/Base' }), 'en').text).toContain('Since 3 Mar, 08:35 UTC.');
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, 1e300]) {
    const faults = [{ fault: 'pc.silent', device: '', name: null, reason: null, since: odd }];
    expect(render(notice({ faults, at: odd }), 'hi').text).toContain(' बजे से।');
  }
});

test('a name without words falls back: Hindi to English, no names at all to the scope', () => {
  expect(render(notice({ room: { en: 'Hall', hi: '' } }), 'hi').subject).toContain('Hall, लेह');
  expect(render(notice({ room: { en: '', hi: '' }, site: { en: '', hi: '' } }), 'en').subject).toContain(', ladakh/leh/pc-1');
});

describe('one screen of a small phone', () => {
  const nasty = '$(reboot)"</script>\r\nBcc: all@office.test\u202e'.repeat(20);
  const names = { en: nasty, hi: 'कॉन्फ़्रेंस रूम '.repeat(9) };
  const worst = kinds.flatMap((kind) => languages.flatMap((language) => severities.map((severity) => ({ kind, language, severity }))));

  test.each(worst)('$kind in $language, $severity: every fault with the longest names', ({ kind, language, severity }) => {
    for (const fault of [...faultIds, 'x'.repeat(64)]) {
      const one = { fault, device: nasty, name: nasty, reason: nasty, since };
      const many = { faults: Array(9).fill(one), lines: Array(9).fill(nasty), timeZone: 'Nowhere/At-All' };
      for (const over of [false, true]) {
        const { subject, text } = render(notice({ kind, severity, at, flapping: true, site: names, room: names, ...many }), language, over);
        expect(bodyOf(text).length).toBeLessThanOrEqual(textLimit);
        expect(subject.length).toBeLessThanOrEqual(160);
        expect(subject).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
        expect(text).not.toMatch(/[०-९]/);
        expect(bodyOf(text).split('\n').length).toBeLessThanOrEqual(5);
      }
    }
  });

  test('every fault with ordinary names keeps its whole action', () => {
    for (const fault of faultIds) {
      for (const language of languages) {
        const { text } = render(notice({ faults: [{ fault, device: '', name: 'Jabra Speak 510', reason: null, since }] }), language);
        expect(text).toContain(faults[fault].action[language]);
      }
    }
  });
});

describe('a PC that is away', () => {
  const silent = { fault: 'pc.silent', device: '', name: null, reason: null, since };
  const outage = { cause: 'power-cut', confidence: 0.95, from: since - 120_000, to: null } as const;
  const said = (changes: Partial<Notice>, language: 'en' | 'hi' = 'en') =>
    bodyOf(render(notice({ faults: [silent], ...changes }), language).text).split('\n');

  test('is told of with the cause as far as it is known, and how sure it is', () => {
    expect(said({ outage })[0]).toBe('Critical: PC does not answer: power cut, sure');
    expect(said({ outage }, 'hi')[0]).toBe('बहुत ज़रूरी: PC से जवाब नहीं आ रहा: बिजली गई, पक्का');
    expect(said({ outage: { ...outage, cause: 'undetermined', confidence: 0.5 } })[0]).toBe(
      'Critical: PC does not answer: site not reachable, cause not known yet',
    );
    expect(said({})[0]).toBe('Critical: PC does not answer');
  });

  test('and back says what it was, from when to when, by the clock of the site', () => {
    const over = { kind: 'cleared', at, outage: { ...outage, to: at } } as const;
    expect(said(over)).toEqual([
      'Cleared: PC does not answer',
      'Conference room, Leh',
      'From 3 Mar, 14:05 to 3 Mar, 14:20.',
      'It was: power cut, sure, 14:03–14:20.',
      'Nothing more to do.',
    ]);
    expect(said(over, 'hi')).toContain('वजह यह थी: बिजली गई, पक्का, 14:03–14:20।');
    expect(said({ ...over, kind: 'eased' }).join()).toContain('It was: power cut, sure, 14:03–14:20.');
  });

  test('of which nobody knows why, or that is closed while it is away, says nothing of a cause that was', () => {
    const over = { kind: 'cleared', at } as const;
    expect(said({ ...over, outage: { ...outage, cause: 'undetermined', confidence: 0.5, to: at } }).join()).not.toContain('It was');
    expect(said({ ...over, kind: 'closed', lines: ['replaced'], outage }).join()).not.toMatch(/It was|power cut/);
  });

  test('that said it would be back is told of with that reason too', () => {
    const faults = [{ ...silent, reason: 'not back after a restart' }];
    expect(said({ faults, outage: { ...outage, cause: 'pc-off', confidence: 0.8 } })[0]).toBe(
      'Critical: PC does not answer: this PC alone is away, likely (not back after a restart)',
    );
    expect(said({ faults }, 'hi')[0]).toContain('(रीस्टार्ट के बाद वापस नहीं आया)');
  });

  test('fits the small phone with every cause, in both languages, between long names', () => {
    const room = { en: 'R'.repeat(60), hi: 'क'.repeat(60) };
    for (const language of languages)
      for (const cause of outageCauses)
        for (const kind of ['raised', 'cleared'] as const) {
          const { text } = render(notice({ kind, at, room, site: room, faults: [silent], outage: { ...outage, cause, to: at } }), language);
          expect(bodyOf(text).length).toBeLessThanOrEqual(textLimit);
        }
  });
});

test('one cause of many names who is away, why, and at its all-clear who is left; it never says that nothing is left to do then', () => {
  const names = ['Patna', 'Gaya', 'Arrah'].map((name) => ({ en: name, hi: name }));
  const outage = { cause: 'power-cut', confidence: 0.95, from: since, to: null } as const;
  const faults = [{ fault: 'outage.state', device: '', name: null, reason: null, since }];
  const of = { room: { en: 'Bihar', hi: 'बिहार' }, site: { en: 'All offices', hi: 'सभी दफ़्तर' }, faults, outage };
  const many = { kind: 'state', down: 13, of: 42, names } as const;
  const raised = (language: 'en' | 'hi') =>
    bodyOf(render(notice({ ...of, many }), language).text)
      .split('\n')
      .slice(0, 3);
  expect(raised('en')).toEqual([
    'Critical: Many sites of the state do not answer: power cut, sure',
    '13 of 42 sites: Patna; Gaya; Arrah; and 10 more',
    'Bihar, All offices',
  ]);
  expect(raised('hi')[1]).toBe('42 में से 13 साइटें: Patna; Gaya; Arrah; और 10');
  const cleared = (down: number) =>
    render(notice({ ...of, kind: 'cleared', many: { ...many, down, names: names.slice(0, down) } }), 'en').text;
  expect(cleared(2)).toContain('\nNot over for these, told on their own: Patna; Gaya\n');
  expect([cleared(2), cleared(0)].map((text) => text.includes('Nothing more to do.'))).toEqual([false, true]);
});

test('one fault in many rooms is named with its model', () => {
  const faults = [{ fault: 'centre.spread', device: 'camera.missing', name: 'Logi Rally', reason: null, since }];
  const many = { kind: 'spread' as const, down: 60, of: 60, names: [{ en: 'Hall, Leh', hi: 'हॉल, लेह' }] } satisfies Notice['many'];
  const { subject, text } = render(notice({ severity: 'major', faults, many }), 'hi');
  expect(subject).toMatch(/^ज़रूरी: कई कमरों में एक ही दिक्कत: कैमरा नहीं मिल रहा, /);
  expect(text).toContain('\n60 कमरे: हॉल, लेह; और 59\n');
});
