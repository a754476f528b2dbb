import { expect, test } from 'vitest';
import { linking } from './answer-links.ts';
import { createAnswerLinks } from './notify/answers/answer-link.ts';
import { templatesCsv, usableUrl } from './notify/people/sms/templates.ts';
import { longestLink } from './notify/people/words.ts';

const made = createAnswerLinks({ key: Buffer.alloc(32, 7), now: () => Date.UTC(2026, 2, 3) });

test('a centre whose name leaves no room for a link had its texts registered without one, and sent its first alerts with one: the operator refused each', () => {
  for (const length of [8, 12, 13, 15, 18, 40]) {
    const https = { names: ['x'.repeat(length)], port: 443 };
    const { shortLink, wall } = linking(https as never, { answers: made, notices: made });
    const isRegistered = templatesCsv(longestLink(wall)).includes('#url#');
    for (const incident of [1, 35, 1_295, 46_655, 9_999_999])
      expect(usableUrl(shortLink?.('asha', incident)) !== undefined).toBe(isRegistered);
  }
});
