import { X509Certificate } from 'node:crypto';
import { hashToken, type RegistryEntry } from '@sabha/contracts';
import type { Client } from 'aedes';
import { expect, test } from 'vitest';
import { createAuthority } from '../../test/security/authority.ts';
import { type Admitted, createAdmission, createSessions, type Identity, parseSecrets } from './admission.ts';

const name = 'ladakh.leh.pc-1';
const secrets = { flows: hashToken('of-flows'), exporter: hashToken('of-exporter') };

test('a correct token admits flows, the exporter and a PC of the registry', () => {
  const admission = admissionWith([entry()]);
  expect(admission.authenticate(identity('flows', 'of-flows'))).toMatchObject({ ok: true, principal: { kind: 'flows' } });
  expect(admission.authenticate(identity('exporter', 'of-exporter'))).toMatchObject({ ok: true, principal: { kind: 'exporter' } });
  expect(admission.authenticate(identity(name, 'right'))).toMatchObject({ ok: true, principal: { kind: 'pc', pc: 'ladakh/leh/pc-1' } });
});

test.each<[string, Identity, RegistryEntry[]]>([
  ['no_identity', { clientId: name, clean: true, username: undefined, proof: { password: undefined } }, [entry()]],
  ['no_identity', { ...identity(name, 'right'), proof: { password: undefined } }, [entry()]],
  ['client_id', { ...identity(name, 'right'), clientId: 'ladakh.leh.pc-2' }, [entry()]],
  ['unclean_session', { ...identity(name, 'right'), clean: false }, [entry()]],
  ['unclean_session', { clientId: 'made up', clean: false, username: undefined, proof: { password: undefined } }, [entry()]],
  ['wrong_token', identity(name, 'wrong'), [entry()]],
  ['wrong_token', identity(name, 'right'), [entry({ tokenHash: null })]],
  ['wrong_token', identity(name, 'wrong'), [entry({ revoked: true })]],
  ['revoked', identity(name, 'right'), [entry({ revoked: true })]],
  ['unknown', identity('ladakh.leh.pc-2', 'right'), [entry()]],
  ['unknown', identity('constructor', 'right'), [entry()]],
])('a client is refused with the reason %s', (reason, who, pcs) => {
  expect(admissionWith(pcs).authenticate(who)).toEqual({ ok: false, reason });
});

test.each<[string, RegistryEntry[]]>([
  ['revoked', [entry({ revoked: true })]],
  ['gone from the registry', []],
  ['given another token', [entry({ tokenHash: hashToken('new') })]],
])('the admission of a PC becomes invalid when the PC is %s', (_what, pcs) => {
  const admission = admissionWith([entry()]);
  const admitted = admission.authenticate(identity(name, 'right'));
  if (!admitted.ok) throw new Error(admitted.reason);
  expect(admission.isStillValid(admitted)).toBe(true);
  admission.setRegistry({ version: 2, at: 0, pcs, roots: [] });
  expect(admission.isStillValid(admitted)).toBe(false);
});

test.each([
  ['client', true, 'admits the PC'],
  ['client', false, 'is refused'],
  ['server', true, 'is refused'],
] as const)('a certificate for a %s, registered: %s, %s', async (use, isRecorded, expected) => {
  const { pem, serial } = await (await createAuthority('Sabha')).issue({ cn: name, use });
  const admission = admissionWith([entry({ tokenHash: null, certificates: isRecorded ? [serial] : [] })]);
  const answer = admission.authenticate({ ...identity(name, ''), proof: { certificate: new X509Certificate(pem) } });
  expect(answer).toMatchObject(
    expected === 'admits the PC' ? { ok: true, admittedBy: { serial } } : { ok: false, reason: 'wrong_certificate' },
  );
});

test('a name counts as connected when an older connection of the same name ends', () => {
  const sessions = createSessions();
  const [older, newer] = [{} as Client, {} as Client];
  const admitted = { ok: true, name } as Admitted;
  sessions.open(older, admitted);
  sessions.open(newer, admitted);
  sessions.handleDisconnect(older);
  expect(sessions.isOpen(name)).toBe(true);
  sessions.handleDisconnect(newer);
  expect(sessions.isOpen(name)).toBe(false);
});

test('an invalid secrets file returns one line with the file, the key and the problem', () => {
  expect(parseSecrets(JSON.stringify(secrets), 'p.json')).toEqual({ ok: true, value: secrets });
  expect(parseSecrets('{', 'p.json')).toEqual({ ok: false, line: 'p.json: not JSON' });
  expect(parseSecrets(JSON.stringify({ flows: secrets.flows }), 'p.json')).toMatchObject({
    line: expect.stringMatching(/^p\.json: exporter: /),
  });
  expect(parseSecrets(JSON.stringify({ ...secrets, flows: 'plain' }), 'p.json')).toMatchObject({
    line: expect.stringMatching(/^p\.json: flows: /),
  });
});

function admissionWith(pcs: RegistryEntry[]) {
  const admission = createAdmission(secrets);
  admission.setRegistry({ version: 1, at: 0, pcs, roots: [] });
  return admission;
}

function entry(change: Partial<RegistryEntry> = {}): RegistryEntry {
  return { pc: 'ladakh/leh/pc-1', tokenHash: hashToken('right'), certificates: [], revoked: false, ...change };
}

function identity(username: string, password: string): Identity {
  return { clientId: username, clean: true, username, proof: { password } };
}
