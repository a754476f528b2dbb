/** Certificate authorities and certificates for the tests, valid ones and each kind of invalid one. */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { clientAuth, makeKey, serverAuth } from '@sabha/contracts';
import { loadX509 } from '../x509.ts';

const x509 = await loadX509();
x509.cryptoProvider.set(webcrypto as Crypto);

const day = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const purposes = { client: [clientAuth], server: [serverAuth], none: [] };

export type Wanted = {
  cn: string;
  use: keyof typeof purposes;
  hosts?: string[];
  /** Start of validity, in days from now. */
  fromDays?: number;
  toDays?: number;
  /** Private or public key of the holder, PEM; absent = a new one. */
  key?: string;
};
/** `pem`: the certificate; `serial`: its number in the form of the registry. */
export type Issued = { key: string; pem: string; serial: string };
export type Authority = {
  root: string;
  issue(wanted: Wanted): Promise<Issued>;
  issueTo(request: Buffer | string, wanted: Omit<Wanted, 'key'>): Promise<Issued>;
};

/** Creates an authority with a separate root; with `under`, an intermediate one that another authority signed. */
export async function createAuthority(name: string, under?: { root: string; key: string }): Promise<Authority & { key: string }> {
  const key = makeKey();
  const extensions = [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ];
  const issuer = under ?? { root: `CN=${name}`, key };
  const root = await certificate({ subject: `CN=${name}`, key, issuer, fromDays: -400, toDays: 3_650, extensions });
  const issue = async (wanted: Wanted) => signed(wanted, { root: root.pem, key });
  return {
    key,
    root: root.pem,
    issue,
    async issueTo(request, wanted) {
      // The library has two overloads, for Buffer and for string, with the same effect here.
      const { publicKey } = new x509.Pkcs10CertificateRequest(request as string);
      return issue({ ...wanted, key: publicKey.toString('pem') });
    },
  };
}

export function selfSigned(wanted: Wanted): Promise<Issued> {
  const key = makeKey();
  return signed({ ...wanted, key }, { root: `CN=${wanted.cn}`, key });
}

/** Returns certificates as an EST response: PKCS#7 in base64. */
export function asPkcs7(...pems: string[]): string {
  return new x509.X509Certificates(pems.map((pem) => new x509.X509Certificate(pem))).toString('base64');
}

function signed({ cn, use, hosts, fromDays = -1, toDays = 30, key = makeKey() }: Wanted, issuer: Issuer): Promise<Issued> {
  const names = (hosts ?? []).map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host }));
  const extensions = [
    ...(purposes[use].length > 0 ? [new x509.ExtendedKeyUsageExtension(purposes[use])] : []),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
  return certificate({ subject: `CN=${cn}`, key, issuer, fromDays, toDays, extensions });
}

/** `root`: the certificate of the issuer, or its name for a self-signed certificate. */
type Issuer = { root: string; key: string };
type Making = {
  subject: string;
  key: string;
  issuer: Issuer;
  fromDays: number;
  toDays: number;
  extensions: InstanceType<typeof x509.Extension>[];
};

async function certificate({ subject, key, issuer, fromDays, toDays, extensions }: Making): Promise<Issued> {
  const serial = `4${randomBytes(15).toString('hex')}`;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: `0${serial}`,
    subject,
    issuer: issuer.root.startsWith('CN=') ? issuer.root : new x509.X509Certificate(issuer.root).subject,
    notBefore: new Date(Date.now() + fromDays * day),
    notAfter: new Date(Date.now() + toDays * day),
    signingAlgorithm: algorithm,
    publicKey: cryptoKey(createPublicKey(key), 'verify'),
    signingKey: cryptoKey(createPrivateKey(issuer.key), 'sign'),
    extensions,
  });
  return { key, pem: `${made.toString('pem')}\n`, serial };
}

function cryptoKey(key: KeyObject, use: 'sign' | 'verify'): CryptoKey {
  return key.toCryptoKey(algorithm, true, [use]) as CryptoKey;
}
