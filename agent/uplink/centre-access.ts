/** How this PC reaches the centre, and by which key it believes it: by a token on the centre's own machine, by a certificate from anywhere. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hashToken, realClock } from '@sabha/contracts';
import { refreshRoots, renew } from '../identity/enrol.ts';
import { type Identity, identityFolder } from '../identity/identity.ts';
import { keepRenewed } from '../identity/renewal.ts';
import type { Budget, Cause } from '../link/net/data-budget.ts';
import { udpTo } from '../link/net/udp.ts';
import { createMqttTransport, createTlsTransport } from './mqtt.ts';
import type { Log } from './store/log.ts';
import { greeter } from './tls.ts';

type Metered = { budget: Pick<Budget, 'used'> };
/** What is set of the access to a centre on this machine. */
export type TokenAccess = {
  tokenFile?: string | undefined;
  centreKeyFile?: string | undefined;
  host: string;
  port: number;
  reflectorHost: string;
  speed: number;
};

/** To the centre on this machine. Throws one line where a file of it will not do. */
export function accessByToken({ tokenFile = '', centreKeyFile, host, port, reflectorHost, speed }: TokenAccess, { budget }: Metered) {
  const token = readFileSync(tokenFile, 'utf8').trim();
  if (token === '') throw new Error(`${tokenFile}: holds no token`);
  const centreKey = centreKeyFile === undefined ? null : publicKey(centreKeyFile);
  return {
    token,
    owner: hashToken(token),
    centreKey,
    door: undefined,
    transport: createMqttTransport({ host, port, speed, used: usedAs('telemetry', budget) }),
    centre: { host, port },
    udp: udpTo(reflectorHost, usedAs('tests', budget)),
  };
}

/** To the centre that the identity names, whatever the environment says. The certificate is renewed in its time. */
export function accessByCertificate(
  { dataDir, speed }: { dataDir: string; speed: number },
  { identity, log, budget }: Metered & { identity: Identity; log: Log },
) {
  const folder = identityFolder(dataDir);
  const used = usedAs('telemetry', budget);
  const current = keepRenewed({
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
    udp: udpTo(host, usedAs('tests', budget)),
    owner: identity.centre.enrolment,
    centre: { host, port: mqttPort, doorPort: enrolPort, greet: greeter(current, Date.now) },
    centreKey: centreKey === null ? null : createPublicKey(centreKey),
    door: { at: `https://${host}:${enrolPort}`, roots: () => current().roots },
    certificateEndsAt,
  };
}

/** The key of a PEM file. Throws one line where it is none. */
export function publicKey(file: string): KeyObject {
  const pem = readFileSync(file);
  try {
    return createPublicKey(pem);
  } catch {
    throw new Error(`${file}: is no public key`);
  }
}

function usedAs(cause: Cause, budget: Metered['budget']): (wireBytes: number) => void {
  return (wireBytes) => budget.used(cause, wireBytes);
}
