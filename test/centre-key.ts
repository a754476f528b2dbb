/** A signing key of the server for tests, new in each process. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { makeSigningKeys, type Signed, sealSigned } from '@sabha/contracts';

const pem = makeSigningKeys();
export const centreKey = createPrivateKey(pem.privateKey);
export const centrePublicKey = createPublicKey(pem.publicKey);

/** Signs a value as the server does. */
export function sealed(value: object): Signed {
  return sealSigned(value, centreKey);
}
