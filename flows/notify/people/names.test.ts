import { expect, test } from 'vitest';
import { ofTier, reportFigure } from '../../../test/figures.ts';
import { hostileNames } from '../../../test/names.ts';
import { randomFrom } from '../../../test/random.ts';
import { notice } from './people.test-helper.ts';
import { render } from './words.ts';

const names = hostileNames(randomFrom(41), ofTier(2_000, 10_000));
/** Characters that move a terminal's cursor, start a line or change the direction of a text. */
const moving = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

test(`S14 ${names.length} hostile device names: a subject stays one line, and a text keeps its number of lines`, () => {
  const [plain] = notice().faults;
  if (plain === undefined) throw new Error('no fault');
  const lines = render(notice({ faults: [{ ...plain, name: 'Mic' }] }), 'en').text.split('\n').length;
  for (const [n, name] of names.entries()) {
    const { subject, text } = render(notice({ faults: [{ ...plain, name }] }), n % 2 === 0 ? 'en' : 'hi');
    expect(subject).not.toMatch(/[\r\n]/);
    expect(
      [subject, ...text.split('\n')].filter((one) => moving.test(one)),
      JSON.stringify(name).slice(0, 200),
    ).toEqual([]);
    expect(text.split('\n').length).toBe(lines);
    expect(text.length).toBeLessThan(8_192);
  }
  reportFigure('S14', `${names.length} hostile names in a message: subject 1 line, text ${lines} lines every time`);
});
