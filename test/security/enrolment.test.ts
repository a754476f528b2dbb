/** Tests what an enrolment code permits (S2), and what a revoked, renewed or forged certificate permits (S5). */
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKey, readEnrolCode, serialOf } from '@sabha/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAuthority } from '../../flows/pki/authority.ts';
import { loadX509 } from '../x509.ts';
import { ask, certificatesOf, enrol, newRequest, openRig, type Rig, renew, serverCertificate } from './enrolment-rig.ts';

const [one, two, far] = ['ladakh.leh.vc-1', 'ladakh.leh.vc-2', 'ladakh.kargil.vc-1'];
const hourMs = 3_600_000;

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const serial = (pem: string) => serialOf(new X509Certificate(pem));

describe('S2 an enrolment code', () => {
  test('enrols each PC of its site once and is then used up', async () => {
    const code = await rig.code();
    const [first, second] = [await enrol(rig, one, code), await enrol(rig, two, code.toLowerCase())];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.headers).toMatchObject({
      'content-type': 'application/pkcs7-mime; smime-type=certs-only',
      'content-transfer-encoding': 'base64',
    });
    expect(rig.entry('ladakh/leh/vc-1')).toEqual({
      pc: 'ladakh/leh/vc-1',
      tokenHash: null,
      certificates: [serial(first.cert)],
      ends: { [serial(first.cert)]: new X509Certificate(first.cert).validToDate.getTime() },
      revoked: false,
    });
    expect(await enrol(rig, 'ladakh.leh.vc-3', code)).toMatchObject({
      status: 401,
      text: 'this enrolment code is used up\n',
    });
    expect(rig.issued()).toBe(2);
    expect(rig.audit()).toEqual([
      'Asha | enrolment code made | ladakh/leh, 2 uses, 24 h',
      `code by Asha | certificate issued | ladakh/leh/vc-1 ${serial(first.cert)}`,
      `code by Asha | certificate issued | ladakh/leh/vc-2 ${serial(second.cert)}`,
      '127.0.0.1 | enrolment refused | this enrolment code is used up',
    ]);
  });

  test('expires, and is refused for a PC of another site', async () => {
    const code = await rig.code();
    expect(await enrol(rig, far, code)).toMatchObject({ status: 403, text: 'this code is for ladakh/leh, not for ladakh/kargil\n' });
    rig.later(24 * hourMs);
    expect((await enrol(rig, one, code)).status).toBe(401);
    expect(rig.issued()).toBe(0);
  });

  test('does not replace the certificate of an enrolled PC until an operator replaces the PC', async () => {
    const first = await enrol(rig, one, await rig.code());
    const stolen = await rig.code();
    expect(await enrol(rig, one, stolen)).toMatchObject({
      status: 403,
      text: 'ladakh/leh/vc-1 has a certificate already: ask the central team to replace it\n',
    });
    expect(rig.entry('ladakh/leh/vc-1')?.certificates).toEqual([serial(first.cert)]);
    await rig.siteOrders.replace('ladakh/leh/vc-1', 'Asha');
    expect(rig.entry('ladakh/leh/vc-1')?.certificates).toEqual([]);
    const again = await enrol(rig, one, stolen);
    expect(rig.entry('ladakh/leh/vc-1')).toMatchObject({
      certificates: [serial(again.cert)],
      tokenHash: createHash('sha256').update('token').digest('hex'),
    });
  });

  test.each<[string, () => Promise<unknown> | undefined, string]>([
    ['unknown', () => undefined, 'ladakh.leh.vc-9'],
    ['revoked', () => rig.siteOrders.revoke('ladakh/leh/vc-1', 'Asha'), one],
    ['retired', () => rig.siteOrders.retire('ladakh/leh/vc-1', 'Asha'), one],
    ['moved', () => rig.siteOrders.move('ladakh/leh/vc-1', 'ladakh/kargil/vc-9', 'Asha'), one],
    ['of a closed site', () => rig.siteOrders.stage({ site: 'ladakh/leh', stage: 'closed', force: true }, 'Asha'), one],
  ])('is refused for a PC that is %s', async (_what, happens, name) => {
    const code = await rig.code();
    await happens();
    expect((await enrol(rig, name, code)).status).toBe(403);
    expect(rig.issued()).toBe(0);
  });

  test('with one use gives one certificate for two requests at the same time', async () => {
    const code = await rig.code('ladakh/leh', 1);
    const answers = await Promise.all([enrol(rig, one, code), enrol(rig, two, code), enrol(rig, two, code)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    expect(rig.issued()).toBe(1);
  });

  test('is stored as a hash and contains the fingerprint of the server’s root', async () => {
    const read = readEnrolCode(await rig.code());
    if (!read.ok) throw new Error(read.line);
    expect(rig.everything()).not.toContain(read.value.secret);
    expect(rig.everything()).toContain(createHash('sha256').update(read.value.secret).digest('hex'));
    const [root = ''] = await certificatesOf((await ask(rig, { path: 'est/cacerts' })).text);
    expect(new X509Certificate(root).raw).toEqual(rig.authority.rootDer);
  });

  test('is refused with a wait in seconds for an address with five failures; a right code is still accepted', async () => {
    for (let n = 0; n < 5; n++) expect((await enrol(rig, one, '0'.repeat(20))).status).toBe(401);
    expect(await enrol(rig, one, '0'.repeat(20))).toMatchObject({
      status: 429,
      headers: { 'retry-after': '60' },
      text: 'too many attempts: wait 60 s\n',
    });
    expect((await enrol(rig, one, await rig.code())).status).toBe(200);
    await rig.clock.pass(60_000);
    expect((await enrol(rig, one, '0'.repeat(20))).status).toBe(401);
  });

  test('with five wrong attempts raises one finding that names the site or sender and ends a day after the last alarm', {
    tags: ['long'],
  }, async () => {
    const finding = (origin: string, address: string) => [
      'centre.enrolment_refused',
      `${origin}: five refusals in ten minutes, the last from ${address}`,
    ];
    const cleared = ['centre.enrolment_refused', null];
    const stranger = async () => {
      for (let n = 0; n < 5; n++) await enrol(rig, far, '0'.repeat(20), `127.0.0.${n + 2}`);
    };
    await rig.code();
    for (let n = 0; n < 5; n++) await enrol(rig, one, '0'.repeat(20));
    expect(rig.findings).toEqual([cleared, finding('ladakh/leh', '127.0.0.1')]);
    await rig.clock.pass(hourMs);
    await stranger();
    expect(rig.findings.slice(2)).toEqual([finding('no office known', '127.0.0.6')]);
    for (let hour = 0; hour < 3; hour++) {
      await rig.clock.pass(2 * hourMs);
      await stranger();
    }
    await rig.clock.pass(23 * hourMs);
    expect(rig.findings).toHaveLength(3);
    await rig.clock.pass(hourMs);
    expect(rig.findings.slice(3)).toEqual([cleared]);
    await stranger();
    expect(rig.findings.slice(4)).toEqual([finding('no office known', '127.0.0.6')]);
  });

  test('repeats a lost response for the same key without another use; another key or a renewed certificate is refused', async () => {
    const code = await rig.code('ladakh/leh', 1);
    const { key, body } = await newRequest(one);
    const asked = async () => {
      const answer = await ask(rig, { path: 'est/simpleenroll', body, password: code });
      return { ...answer, cert: answer.status === 200 ? ((await certificatesOf(answer.text))[0] ?? '') : '' };
    };
    const lost = await asked();
    const again = await asked();
    expect([lost.status, again.status]).toEqual([200, 200]);
    expect(rig.entry('ladakh/leh/vc-1')?.certificates).toEqual([serial(again.cert)]);
    for (const name of [one, two]) expect((await enrol(rig, name, code)).status).toBe(401);
    expect((await renew(rig, { key, cert: again.cert }, one)).status).toBe(200);
    expect((await asked()).status).toBe(401);
    const other = await rig.code('ladakh/leh', 1);
    const second = await newRequest(two);
    const enrolSecond = () => ask(rig, { path: 'est/simpleenroll', body: second.body, password: other });
    expect((await enrolSecond()).status).toBe(200);
    await rig.siteOrders.replace('ladakh/leh/vc-2', 'Asha');
    expect((await enrolSecond()).status).toBe(401);
  });
});

describe('the PCs for which an enrolment code is valid', () => {
  const pcs = (password?: string) => ask(rig, { path: 'sabha/pcs', ...(password === undefined ? {} : { password }) });
  const vc = (nth: number, open: boolean) => ({
    pc: `ladakh/leh/vc-${nth}`,
    room: { en: `Name of ladakh/leh/vc-${nth}`, hi: `ladakh/leh/vc-${nth} का नाम` },
    open,
  });

  test('are listed for the code, with a mark for those that it can still enrol', async () => {
    const code = await rig.code();
    expect(JSON.parse((await pcs(code)).text)).toEqual({ pcs: [vc(1, true), vc(2, true)] });
    await enrol(rig, two, code);
    expect(JSON.parse((await pcs(code.toLowerCase())).text)).toEqual({ pcs: [vc(1, true), vc(2, false)] });
    const once = await rig.code('ladakh/leh', 1);
    await enrol(rig, one, once);
    expect(JSON.parse((await pcs(once)).text)).toEqual({ pcs: [vc(1, false)] });
    rig.later(24 * hourMs);
    expect((await pcs(code)).status).toBe(401);
  });
});

describe('an invalid request gets a response of one line and uses no enrolment', () => {
  const rsa = async () => {
    const { Pkcs10CertificateRequestGenerator } = await loadX509();
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const keys = {
      privateKey: privateKey.toCryptoKey(algorithm, true, ['sign']) as CryptoKey,
      publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']) as CryptoKey,
    };
    const made = await Pkcs10CertificateRequestGenerator.create({ name: `CN=${one}`, keys, signingAlgorithm: algorithm });
    return Buffer.from(made.rawData).toString('base64');
  };
  const twisted = async () => {
    const der = Buffer.from((await newRequest(one)).body, 'base64');
    der[der.indexOf(one)] = 'k'.charCodeAt(0);
    return der.toString('base64');
  };
  const named = async (name: string) => (await newRequest(name)).body;

  test.each<[string, () => Promise<string>, number, RegExp]>([
    ['nothing', async () => '', 400, /^not a certificate request: /],
    ['noise', async () => 'AAAA', 400, /^not a certificate request: /],
    ['cut', async () => (await named(one)).slice(0, 200), 400, /^not a certificate request: /],
    ['with another name than its key signed', twisted, 400, /^the request is not signed with its own key/],
    ['with a key of RSA', rsa, 400, /^the key of the request is not on the curve P-256/],
    ['for no PC', () => named('flows'), 400, /^"flows" is no name of a PC: expected state\.site\.pc/],
    ['for a path', () => named('ladakh/leh/vc-1'), 400, /^"ladakh\/leh\/vc-1" is no name of a PC/],
    ['too long', async () => 'A'.repeat(9_000), 413, /./],
  ])('%s', async (_what, make, status, line) => {
    const code = await rig.code('ladakh/leh', 1);
    const answer = await ask(rig, { path: 'est/simpleenroll', body: await make(), password: code });
    expect(answer).toMatchObject({ status, text: expect.stringMatching(line) });
    expect(answer.text.trimEnd()).not.toContain('\n');
    expect((await enrol(rig, one, code)).status).toBe(200);
  });
});

describe('S5 renewal', () => {
  let held: { key: string; cert: string };
  const certificates = () => rig.entry('ladakh/leh/vc-1')?.certificates;
  beforeEach(async () => {
    held = await enrol(rig, one, await rig.code());
  });

  test('gives the next certificate; the previous one stays valid for two weeks, in case the response is lost', {
    tags: ['long'],
  }, async () => {
    const lost = await renew(rig, held, one);
    expect([lost.status, certificates()]).toEqual([200, [serial(lost.cert), serial(held.cert)]]);
    rig.later(hourMs);
    await rig.clock.pass(60_000);
    const next = await renew(rig, held, one);
    expect(certificates()).toEqual([serial(next.cert), serial(held.cert)]);
    rig.later((14 * 24 - 2) * hourMs);
    await rig.clock.pass(hourMs);
    expect(certificates()).toHaveLength(2);
    rig.later(2 * hourMs);
    expect((await renew(rig, held, one)).status).toBe(403);
    await rig.clock.pass(hourMs);
    await expect.poll(certificates).toEqual([serial(next.cert)]);
    expect(rig.audit()).toContain(`${one} | certificate renewed | ladakh/leh/vc-1 ${serial(next.cert)}`);
  });

  test('is limited to once a minute, independent of clock steps', async () => {
    await renew(rig, held, one);
    expect((await renew(rig, held, one)).status).toBe(429);
    rig.later(hourMs);
    expect((await renew(rig, held, one)).status).toBe(429);
    rig.later(-2 * hourMs);
    await rig.clock.pass(60_000);
    expect((await renew(rig, held, one)).status).toBe(200);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['revoked', () => rig.siteOrders.revoke('ladakh/leh/vc-1', 'Asha')],
    ['replaced', () => rig.siteOrders.replace('ladakh/leh/vc-1', 'Asha')],
    ['moved', () => rig.siteOrders.move('ladakh/leh/vc-1', 'ladakh/kargil/vc-9', 'Asha')],
    ['retired', () => rig.siteOrders.retire('ladakh/leh/vc-1', 'Asha')],
  ])('is refused for a PC that was %s, and the broker drops its certificate', async (_what, order) => {
    await order();
    expect((await renew(rig, held, one)).status).toBe(403);
    expect(certificates()).toEqual([]);
  });

  test('is refused for an unlisted, server, self-signed, foreign or missing certificate', async () => {
    const unlisted = makeKey();
    const { pem } = await rig.authority.issue({ kind: 'pc', name: one }, createPublicKey(unlisted));
    const stranger = await openRig();
    const foreign = await enrol(stranger, one, await stranger.code());
    const { X509CertificateGenerator } = await loadX509();
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
    const selfMade = await X509CertificateGenerator.createSelfSigned({ name: `CN=${one}`, keys, signingAlgorithm: algorithm });
    const selfKey = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')}\n-----END PRIVATE KEY-----\n`;
    const all = [
      { key: unlisted, cert: pem },
      await serverCertificate(rig.authority),
      { key: selfKey, cert: selfMade.toString('pem') },
      foreign,
      undefined,
    ];
    for (const client of all) expect((await renew(rig, client, one)).status).toBe(403);
    expect(certificates()).toEqual([serial(held.cert)]);
    await stranger.close();
  });

  test('with a certificate of the old authority gives one of the new authority during a change of authority', async () => {
    const entry = rig.entry('ladakh/leh/vc-1');
    const [oldRoot = ''] = rig.authority.roots;
    const changed = await openRig({
      prepare: async (folder) => {
        const { roots } = await openAuthority(folder, { now: Date.now, random: randomBytes });
        writeFileSync(join(folder, 'roots.pem'), `${roots[0]}${oldRoot}`);
      },
    });
    await changed.apply({ nodes: [], gone: [], replaced: [], registry: entry === undefined ? [] : [entry], audit: null });
    const next = await renew(changed, held, one);
    const isOf = (pem: string) => new X509Certificate(next.cert).verify(new X509Certificate(pem).publicKey);
    expect([next.status, ...changed.authority.roots.map(isOf)]).toEqual([200, true, false]);
    expect(await certificatesOf((await ask(changed, { path: 'est/cacerts' })).text)).toHaveLength(2);
    expect((await renew(changed, next, one)).status).toBe(429);
    await changed.close();
  });

  test('is refused with 400 if the request names another PC than the certificate', async () => {
    expect(await renew(rig, held, two)).toMatchObject({
      status: 400,
      text: 'the certificate is that of ladakh.leh.vc-1, the request names "ladakh.leh.vc-2"\n',
    });
  });
});
