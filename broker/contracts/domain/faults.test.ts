import { describe, expect, test } from 'vitest';
import { faultIds, faultOf, languages } from './faults.ts';
import { severities } from './states.ts';

const devanagari = /\p{Script=Devanagari}/u;

describe.each(faultIds)('%s', (id) => {
  const fault = faultOf(id);
  if (!fault) throw new Error(`${id} has no row`);

  test('has an id of the form component.fault', () => {
    expect(id).toMatch(/^[a-z]+\.[a-z]+(_[a-z]+)*$/);
  });

  test('has a known severity and times in whole milliseconds up to an hour', () => {
    expect(severities).toContain(fault.severity);
    for (const ms of [fault.holdMs, fault.clearMs]) {
      expect(Number.isInteger(ms) && ms >= 0 && ms <= 3_600_000, `${ms} ms`).toBe(true);
    }
  });

  test('has existing parents and no cycle', () => {
    for (const parent of fault.parents) expect(faultIds, `parent ${parent}`).toContain(parent);
    expect(ancestors(id)).not.toContain(id);
  });

  test('lists all ancestors as parents, so that one lookup is enough', () => {
    expect(new Set(fault.parents)).toEqual(new Set(ancestors(id)));
  });

  test('has a short title in both languages', () => {
    for (const language of languages) expect(fault.title[language]).toMatch(/^\S.{4,58}[^.।\s]$/u);
  });

  test('has an action of one to three short, complete sentences in both languages', () => {
    for (const language of languages) {
      const sentences = sentencesOf(fault.action[language]);
      expect(sentences.length).toBeGreaterThanOrEqual(1);
      expect(sentences.length).toBeLessThanOrEqual(3);
      for (const sentence of sentences) {
        expect(sentence, `ends with ${language === 'en' ? '.' : '।'}`).toMatch(language === 'en' ? /[^.।]\.$/u : /[^.।]।$/u);
        expect(sentence.length, sentence).toBeLessThanOrEqual(100);
      }
    }
    expect(sentencesOf(fault.action.hi)).toHaveLength(sentencesOf(fault.action.en).length);
  });

  test('has Hindi text in Devanagari with Latin digits, and English text without Devanagari', () => {
    for (const text of [fault.title, fault.action]) {
      expect(text.hi).toMatch(devanagari);
      expect(text.hi).not.toMatch(/[०-९]/u);
      expect(text.en).not.toMatch(devanagari);
    }
  });
});

test('all titles are different', () => {
  for (const language of languages) {
    const titles = faultIds.map((id) => faultOf(id)?.title[language]);
    expect(new Set(titles).size).toBe(faultIds.length);
  }
});

test('a silent PC hides every fault of the PC but none of the server', () => {
  for (const id of faultIds.filter((one) => !/^(centre|outage|maintenance)\./.test(one) && one !== 'pc.silent')) {
    expect(faultOf(id)?.parents, id).toContain('pc.silent');
  }
  for (const id of faultIds.filter((one) => one.startsWith('centre.'))) expect(faultOf(id)?.parents).toEqual([]);
});

test('an unknown id has no row, not even the name of an inherited property', () => {
  for (const id of ['', 'microphone', 'microphone.stolen', '__proto__', 'constructor', 'toString']) expect(faultOf(id)).toBeUndefined();
});

function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.।])\s+/u);
}

function ancestors(id: string): string[] {
  const found = new Set<string>();
  const waiting = [...(faultOf(id)?.parents ?? [])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...(faultOf(next)?.parents ?? []));
  }
  return [...found];
}
