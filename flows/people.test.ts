import { expect, test } from 'vitest';
import { createAnswerLinks } from './notify/alert-replies/reply-link.ts';
import { templatesCsv, usableUrl } from './notify/people/sms/sms.ts';
import { longestLink } from './notify/people/words.ts';
import { linkOptionsOf } from './people.ts';

const made = createAnswerLinks({ key: Buffer.alloc(32, 7), now: () => Date.UTC(2026, 2, 3) });

test('an SMS contains a link only if the text registered with the operator does, whatever the length of the server name', () => {
  for (const length of [8, 12, 13, 15, 18, 40]) {
    const https = { names: ['x'.repeat(length)], port: 443 };
    const { linksTo, wall } = linkOptionsOf(https as never, { answers: made, notices: made });
    const isRegistered = templatesCsv(longestLink(wall)).includes('#url#');
    for (const incident of [1, 35, 1_295, 46_655, 9_999_999])
      expect(usableUrl(linksTo?.('asha', { incident }).short) !== undefined).toBe(isRegistered);
  }
});

test('an announcement links to its own page, and a message without incident or announcement has no link', () => {
  const { linksTo } = linkOptionsOf({ names: ['a.example'], port: 443 } as never, { answers: made, notices: made });
  const announcement = { id: 3, by: 'Anil', text: 'The line is changed on Sunday.' };
  expect(linksTo?.('asha', { incident: null, announcement })).toEqual({ tap: `https://a.example/n?${made.token('asha', 3)}` });
  expect(linksTo?.('asha', { incident: null })).toEqual({});
});
