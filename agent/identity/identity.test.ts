import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '@sabha/contracts';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAuthority, type Issued } from '../../test/security/authority.ts';
import { identityFolder, openIdentity, storeIdentity } from './identity.ts';

const centre = { host: 'localhost', mqttPort: 8883, enrolPort: 8443, centreKey: null };
let parent: string;
let folder: string;
let root: string;
let first: Issued;
let second: Issued;

beforeAll(async () => {
  const authority = await createAuthority('Sabha');
  root = authority.root;
  first = await authority.issue({ cn: 'ladakh.leh.pc-1', use: 'client' });
  second = await authority.issue({ cn: 'ladakh.leh.pc-1', use: 'client' });
});
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'identity-'));
  folder = identityFolder(parent);
});
afterEach(() => rmSync(parent, { recursive: true }));

const store = ({ key, pem }: Issued) => storeIdentity(folder, { key, chain: pem, roots: [root], centre });
const held = () => {
  const opened = openIdentity(folder);
  if (!opened.ok) throw new Error(opened.line);
  return opened.value?.key;
};

test('storeIdentity stores an identity, which openIdentity reads, and replaces an older one', () => {
  expect(held()).toBeUndefined();
  store(first);
  expect(openIdentity(folder)).toMatchObject({
    ok: true,
    value: { pc: 'ladakh/leh/pc-1', centre, key: first.key, chain: first.pem, roots: [root] },
  });
  store(second);
  expect(held()).toBe(second.key);
  expect(readdirSync(parent)).toEqual(['identity']);
});

test('openIdentity reports an unreadable folder, and not that the PC was never enrolled', () => {
  // Makes the folder a link to itself: root can read every folder, but not this one.
  symlinkSync(folder, folder);
  expect(openIdentity(folder)).toEqual({ ok: false, line: `${folder}: cannot be read: ELOOP` });
});

test.each<[string, () => void, 'first' | 'second' | 'none']>([
  ['while the new one is written', () => mkdirSync(`${folder}.new`), 'first'],
  [
    'when the old one is set aside',
    () => {
      renameSync(folder, `${folder}.old`);
      storeElsewhere(second);
    },
    'second',
  ],
  ['before the old one is deleted', () => mkdirSync(`${folder}.old`), 'first'],
  [
    'while the first one ever is written',
    () => {
      rmSync(folder, { recursive: true });
      mkdirSync(`${folder}.new`);
    },
    'none',
  ],
])('storeIdentity, killed %s, leaves one complete identity or none', (_when, kill, expected) => {
  store(first);
  kill();
  expect(held()).toBe({ first: first.key, second: second.key, none: undefined }[expected]);
  store(first);
  expect([held(), readdirSync(parent)]).toEqual([first.key, ['identity']]);
});

test.each<[string, string, string]>([
  ['certificate.pem', 'no certificate', 'not the certificate of a PC'],
  ['key.pem', makeKey(), 'not the key of the certificate'],
  ['roots.pem', '', 'no certificate of an authority'],
  ['centre.json', '{"host":"x","mqttPort":1,"enrolPort":1,"centreKey":"k"}', 'centreKey: '],
  ['centre.json', '{"host":"x","mqttPort":0,"enrolPort":1,"centreKey":null}', 'mqttPort: '],
])('openIdentity reports a damaged %s (%j) in one line with the path of the file', (file, text, line) => {
  store(first);
  writeFileSync(join(folder, file), text);
  expect(openIdentity(folder)).toEqual({ ok: false, line: expect.stringContaining(`${join(folder, file)}: ${line}`) });
});

function storeElsewhere({ key, pem }: Issued): void {
  storeIdentity(join(parent, 'other'), { key, chain: pem, roots: [root], centre });
  renameSync(join(parent, 'other'), `${folder}.new`);
}
