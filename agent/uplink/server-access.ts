/** How this PC reaches the server and verifies it. On the server's own machine a PC uses a token, elsewhere a certificate. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hashToken, realClock } from '@sabha/contracts';
import { refreshRoots, renew } from '../identity/enrol.ts';
import { type Identity, identityFolder } from '../identity/identity.ts';
import { keepIdentityRenewed } from '../identity/renewal.ts';
import type { Budget, TrafficPurpose } from '../link/net/data-budget.ts';
import { udpTo } from '../link/net/udp.ts';
import { createMqttTransport, createTlsTransport } from './mqtt.ts';
import type { Log } from './store/log.ts';
import { createPeerCheck } from './tls.ts';

type Metered = { budget: Pick<Budget, 'used'> };
/** Settings of a PC that runs on the machine of the server. */
export type TokenAccess = {
  tokenFile?: string | undefined;
  centreKeyFile?: string | undefined;
  host: string;
  port: number;
  reflectorHost: string;
  speed: number;
};

/** Returns the access to a server on this machine. Throws an error with one line of text if a file is unusable. */
export function accessByToken({ tokenFile = '', centreKeyFile, host, port, reflectorHost, speed }: TokenAccess, { budget }: Metered) {
  const token = readFileSync(tokenFile, 'utf8').trim();
  if (token === '') throw new Error(`${tokenFile}: holds no token`);
  const centreKey = centreKeyFile === undefined ? null : publicKey(centreKeyFile);
  return {
    token,
    owner: hashToken(token),
    centreKey,
    enrolServer: undefined,
    transport: createMqttTransport({ host, port, speed, used: meterFor('telemetry', budget) }),
    centre: { host, port },
    udp: udpTo(reflectorHost, meterFor('tests', budget)),
  };
}

/** Returns the access to the server that the identity names; the environment has no effect. Renews the certificate before it expires. */
export function accessByCertificate(
  { dataDir, speed }: { dataDir: string; speed: number },
  { identity, log, budget }: Metered & { identity: Identity; log: Log },
) {
  const folder = identityFolder(dataDir);
  const used = meterFor('telemetry', budget);
  const current = keepIdentityRenewed({
    identity,
    renew: (one) => renew(one, folder, used),
    refreshRoots: (one) => refreshRoots(one, folder, used),
    clock: realClock(),
    random: Math.random,
    log,
  });
  if (identity.certificate.validToDate.getTime() < Date.now()) log.warn({}, 'the certificate of this PC has ended: enrol it again');
  const certificateEndsAt = () => current().certificate.validToDate.getTime();
  const { centreKey, host, enrolPort, mqttPort } = identity.centre;
  return {
    transport: createTlsTransport(current, { now: Date.now, speed, used }),
    udp: udpTo(host, meterFor('tests', budget)),
    owner: identity.centre.enrolment,
    centre: { host, port: mqttPort, httpsPort: enrolPort, checkPeer: createPeerCheck(current, Date.now) },
    centreKey: centreKey === null ? null : createPublicKey(centreKey),
    enrolServer: { at: `https://${host}:${enrolPort}`, roots: () => current().roots },
    certificateEndsAt,
  };
}

/** Reads a public key from a PEM file. Throws an error with one line of text if the file holds none. */
export function publicKey(file: string): KeyObject {
  const pem = readFileSync(file);
  try {
    return createPublicKey(pem);
  } catch {
    throw new Error(`${file}: is no public key`);
  }
}

function meterFor(cause: TrafficPurpose, budget: Metered['budget']): (wireBytes: number) => void {
  return (wireBytes) => budget.used(cause, wireBytes);
}
