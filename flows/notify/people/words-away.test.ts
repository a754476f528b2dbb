import { type MessageLanguage, messageLanguages, outageCauses, stepsOf, vocabularyIn } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import type { Notice } from '../../engine/records/notices.ts';
import { bodyOf, notice } from './people.test-helper.ts';
import { render, textLimit } from './words.ts';

const since = Date.UTC(2026, 2, 3, 8, 35);
const at = Date.UTC(2026, 2, 3, 8, 50);

describe('message about a silent PC', () => {
  const silent = { fault: 'pc.silent', device: '', name: null, reason: null, since };
  const outage = { cause: 'power-cut', confidence: 0.95, from: since - 120_000, to: null } as const;
  const upstream = { cause: 'upstream', confidence: 0.9 } as const;
  const said = (changes: Partial<Notice>, language: MessageLanguage = 'en') =>
    bodyOf(render(notice({ faults: [silent], at, ...changes }), language).text).split('\n');

  test('the message about a silent PC starts at the last message of the PC and names the cause with its certainty', () => {
    expect(said({ outage }).slice(1, 4)).toEqual(['Critical: PC does not answer', 'Since 3 Mar, 14:03.', 'Why: power cut.']);
    expect(said({ outage }, 'hi')[3]).toBe('वजह: बिजली गई।');
    expect(said({ outage: { ...outage, confidence: 0.7 } })[3]).toBe('Why: probably power cut.');
    expect(said({ outage: { ...outage, confidence: 0.6 } })[3]).toBe('Why: not known, perhaps power cut.');
    expect(said({ outage: { ...outage, cause: 'undetermined', confidence: 0.5 } })[3]).toBe(
      'Why: not known yet, the site cannot be reached.',
    );
    expect(said({}).join()).not.toContain('Why');
  });

  test.each(outageCauses)(
    'the message about a PC lost to the cause %s lists the matching steps; only for a PC that is off it mentions a cable',
    (cause) => {
      const { outageAction } = vocabularyIn('en');
      const text = said({ outage: { ...outage, cause } }).join(' ');
      for (const step of stepsOf(outageAction[cause])) expect(text).toContain(step);
      expect(text.includes('cable')).toBe(cause === 'pc-off');
      expect(said({ outage: { ...outage, cause, confidence: 0.5 } }).join(' ')).toContain('Call the office.');
    },
  );

  test('the message about a silent PC names no cause at the end of an unknown outage or in a close', () => {
    expect(said({ kind: 'cleared', outage: { ...outage, cause: 'undetermined', confidence: 0.5, to: at } }).join()).not.toContain('Why');
    expect(said({ kind: 'closed', lines: ['replaced'], outage }).join()).not.toContain('power cut');
  });

  test('the messages about a silent PC keep the first notified cause unless a more certain one is known, and then name both', () => {
    const back = (cause: 'pc-off' | 'power-cut', confidence: number, toldOutage: Notice['toldOutage']) =>
      said({ kind: 'cleared', outage: { ...outage, cause, confidence, to: at }, ...(toldOutage && { toldOutage }) })[3];
    expect(back('pc-off', 0.8, upstream)).toBe('Why: line of the state or provider down.');
    expect(back('power-cut', 0.95, upstream)).toBe('Why: power cut. At first it looked like: line of the state or provider down.');
    expect(back('power-cut', 0.95, { ...upstream, confidence: 0.6 })).toBe('Why: power cut.');
    expect(back('power-cut', 0.95, { cause: 'undetermined', confidence: 0.5 })).toBe('Why: power cut.');
    expect(back('pc-off', 0.8, { cause: 'pc-off', confidence: 0.9 })).toBe('Why: probably only this PC is offline.');
  });

  test('the message about a silent PC fits the limit of a small phone for every cause and language with long names', () => {
    const room = { en: 'R'.repeat(60), hi: 'क'.repeat(60) };
    for (const language of messageLanguages)
      for (const cause of outageCauses)
        for (const kind of ['raised', 'cleared'] as const) {
          const away = { ...outage, cause, to: at };
          const { text } = render(notice({ kind, at, room, site: room, state: room, faults: [silent], outage: away }), language);
          expect(bodyOf(text).length).toBeLessThanOrEqual(textLimit);
        }
  });
});
