/** Rules of a first certificate. `test/security/enrolment.test.ts` covers renewals over real TLS. */
import type { RegistryEntry } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { node, smallTree } from '../sites/sites.test-helper.ts';
import { createSiteTable } from '../sites/table.ts';
import { entryOfEnrolled, mayEnrol, withoutExpired } from './grants.ts';

const [pc, name, site, now] = ['ladakh/leh/vc-1', 'ladakh.leh.vc-1', 'ladakh/leh', 1_000];
const table = createSiteTable([...smallTree(), node('ladakh/old', {}, { stage: 'closed' }), node('ladakh/old/vc-1')]);
const entry = (change: Partial<RegistryEntry> = {}): RegistryEntry => ({
  pc,
  tokenHash: null,
  certificates: [],
  revoked: false,
  ...change,
});
const held = (one?: RegistryEntry) => ({
  sites: { table: () => table, entry: (of: string) => (of === one?.pc ? one : undefined) },
  now: () => now,
});

describe('mayEnrol: the first certificate of a PC', () => {
  test.each<[string, RegistryEntry | undefined]>([
    ['is new', undefined],
    ['has a token', entry({ tokenHash: 'a'.repeat(64) })],
    ['has a certificate that is over', entry({ certificates: ['7a'], ends: { '7a': now } })],
  ])('a first certificate is given to a PC that %s, and the rest of its registry entry stays', (_what, one) => {
    const verdict = mayEnrol(held(one), { name, site });
    if (!verdict.ok) throw new Error(verdict.line);
    const next = entryOfEnrolled(verdict.entry, { serial: '7b', notAfter: 9 });
    expect(next).toEqual({ pc, tokenHash: one?.tokenHash ?? null, certificates: ['7b'], ends: { '7b': 9 }, revoked: false });
  });

  test.each<[string, string, RegistryEntry | undefined, number, RegExp]>([
    ['flows', site, undefined, 400, /^"flows" is no name of a PC/],
    ['ladakh/leh/vc-1', site, undefined, 400, /is no name of a PC/],
    [name, 'ladakh/kargil', undefined, 403, /^this code is for ladakh\/kargil, not for ladakh\/leh$/],
    ['ladakh.leh.vc-9', site, undefined, 403, /^there is no PC ladakh\/leh\/vc-9 in the site table$/],
    ['ladakh.old.vc-1', 'ladakh/old', undefined, 403, /^ladakh\/old is closed$/],
    [name, site, entry({ revoked: true }), 403, /is revoked: ask the central team to replace it$/],
    [
      name,
      site,
      entry({ certificates: ['7a'], ends: { '7a': now + 1 } }),
      403,
      /has a certificate already: ask the central team to replace it$/,
    ],
    [name, site, entry({ certificates: ['7a'] }), 403, /has a certificate already/],
  ])('a first certificate is refused to %s by a code for %s, with the registry entry %j', (asked, of, one, status, line) => {
    expect(mayEnrol(held(one), { name: asked, site: of })).toEqual({ ok: false, status, line: expect.stringMatching(line) });
  });
});

test('expired certificates are removed from an entry, and an entry without any is left alone', () => {
  const one = entry({ certificates: ['7a', '7b', '7c'], ends: { '7a': now + 1, '7b': now } });
  expect(withoutExpired(one, now)).toEqual({ ...one, certificates: ['7a', '7c'], ends: { '7a': now + 1 } });
  expect(withoutExpired(entry({ certificates: ['7a'] }), now)).toBeUndefined();
});
