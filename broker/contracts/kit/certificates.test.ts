import { createPublicKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthority } from '../../../test/security/authority.ts';
import { loadX509 } from '../../../test/x509.ts';
import { commonNameOf, makeCertRequest, makeKey, serialOf } from './certificates.ts';

test('a certificate request contains the name and the public key, and is signed with the key', async () => {
  const key = makeKey();
  const { pem, der } = makeCertRequest(key, 'ladakh.leh.pc-1');
  const { Pkcs10CertificateRequest } = await loadX509();
  for (const text of [pem, der.toString('base64')]) {
    const one = new Pkcs10CertificateRequest(text);
    expect(one.subject).toBe('CN=ladakh.leh.pc-1');
    expect(await one.verify()).toBe(true);
    const shown = createPublicKey({ key: Buffer.from(one.publicKey.rawData), format: 'der', type: 'spki' });
    expect(shown.equals(createPublicKey(key))).toBe(true);
  }
});

test('a serial number has lower-case digits without leading zeros', async () => {
  const issued = await (await createAuthority('x')).issue({ cn: 'a.b.c', use: 'client' });
  const certificate = new X509Certificate(issued.pem);
  expect(certificate.serialNumber.startsWith('0')).toBe(true);
  expect(serialOf(certificate)).toBe(issued.serial);
});

test('a subject has a name only if the subject is exactly one common name', async () => {
  const authority = await createAuthority('x');
  const nameIn = async (cn: string) => commonNameOf(new X509Certificate((await authority.issue({ cn, use: 'client' })).pem));
  expect(await nameIn('ladakh.leh.pc-1')).toBe('ladakh.leh.pc-1');
  for (const cn of ['ladakh.leh.pc-1, O=other', 'a, CN=b', 'A B', 'a\\, b', 'a + O=b']) expect(await nameIn(cn), cn).toBeUndefined();
});
