/** A key of the centre for tests, a new one in each process. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { makeSigningKeys, type Signed, sealSigned } from '@sabha/contracts';

const pem = makeSigningKeys();
export const centreKey = createPrivateKey(pem.privateKey);
export const centrePublicKey = createPublicKey(pem.publicKey);

/** What the centre signs. */
export function sealed(value: object): Signed {
  return sealSigned(value, centreKey);
}
