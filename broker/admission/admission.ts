/** Authentication of clients: token or certificate, against the secrets of the server's own parts and the registry of PCs. */

import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import {
  type Clock,
  clientAuth,
  commonNameOf,
  issueText,
  loadPem,
  loadText,
  nameOf,
  type RegistrySnapshot,
  StartError,
  serialOf,
  tokenMatches,
} from '@sabha/contracts';
import type { Client } from 'aedes';
import * as v from 'valibot';
import { type Principal, principalOf } from './access.ts';

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const secrets = v.strictObject({ flows: hash, exporter: hash });

/** SHA-256 hashes of the tokens of the two clients that are not PCs, hexadecimal. */
export type Secrets = v.InferOutput<typeof secrets>;
/** Identity that a client claims in CONNECT, and its credential. */
export type Identity = { clientId: string; clean: boolean; username: string | undefined; proof: Proof };
/** A password on the plain listener; over TLS a certificate, already verified against the roots. */
export type Proof = { password: string | undefined } | { certificate: X509Certificate | undefined };
/** The credential that admitted a client. */
export type Credential = { tokenHash: string } | { serial: string };
export type Admitted = { ok: true; principal: Principal; name: string; admittedBy: Credential };
/** Reason of a refused connection. The list is closed, because each reason is a metric label. */
export type Refusal = 'no_identity' | 'client_id' | 'unclean_session' | 'unknown' | 'wrong_token' | 'wrong_certificate' | 'revoked';

export type Admission = ReturnType<typeof createAdmission>;

/** Creates the authentication of clients. `ownHashes`: hashes of the server's own parts, which are not in the registry. */
export function createAdmission(ownHashes: Secrets) {
  let pcs = new Map<string, KnownClient>();
  const findClient = (name: string): KnownClient | undefined =>
    name === 'flows' || name === 'exporter' ? { tokenHash: ownHashes[name], certificates: [], revoked: false } : pcs.get(name);

  return {
    /** Replaces the registry snapshot. Without any snapshot no PC is admitted. */
    setRegistry(snapshot: RegistrySnapshot): void {
      pcs = new Map(snapshot.pcs.map((entry) => [nameOf(entry.pc), entry]));
    },
    /**
     * Guarantee: admits only a clean session whose client id is its user name and whose credential is registered. The credential is the
     * token, or a client certificate in that name. Over TLS no token is accepted and only PCs are admitted.
     */
    authenticate({ clientId, clean, username: name, proof }: Identity): Admitted | { ok: false; reason: Refusal } {
      // This check is the first: MQTT-3.1.3-8 requires a specific return code for an unclean session without client id.
      if (!clean) return refuse('unclean_session');
      if (!name || !hasCredential(proof)) return refuse('no_identity');
      if (clientId !== name) return refuse('client_id');
      const principal = principalOf(name);
      const known = findClient(name);
      if (!principal || !known) return refuse('unknown');
      const admittedBy = verifyProof(proof, name, known);
      if (typeof admittedBy === 'string') return refuse(admittedBy);
      if (known.revoked) return refuse('revoked');
      return { ok: true, principal, name, admittedBy };
    },
    /** Returns false when the credential is no longer valid: revoked, removed from the registry, or replaced. */
    isStillValid({ name, admittedBy }: Admitted): boolean {
      const known = findClient(name);
      if (known === undefined || known.revoked) return false;
      return 'serial' in admittedBy ? known.certificates.includes(admittedBy.serial) : known.tokenHash === admittedBy.tokenHash;
    },
  };
}

type KnownClient = Pick<RegistrySnapshot['pcs'][number], 'tokenHash' | 'certificates' | 'revoked'>;

function hasCredential(proof: Proof): boolean {
  return 'certificate' in proof ? proof.certificate !== undefined : Boolean(proof.password);
}

function verifyProof(proof: Proof, name: string, { tokenHash, certificates }: KnownClient): Credential | Refusal {
  if (!('certificate' in proof)) return tokenHash !== null && tokenMatches(proof.password ?? '', tokenHash) ? { tokenHash } : 'wrong_token';
  const { certificate } = proof;
  if (certificate === undefined || commonNameOf(certificate) !== name) return 'client_id';
  const serial = serialOf(certificate);
  return certificate.keyUsage?.includes(clientAuth) && certificates.includes(serial) ? { serial } : 'wrong_certificate';
}

/** Reads the secrets file, or says in one line what is wrong with it. */
export function parseSecrets(text: string, file: string): { ok: true; value: Secrets } | { ok: false; line: string } {
  try {
    const result = v.safeParse(secrets, JSON.parse(text));
    return result.success ? { ok: true, value: result.output } : { ok: false, line: `${file}: ${issueText(result.issues[0])}` };
  } catch {
    return { ok: false, line: `${file}: not JSON` };
  }
}

function refuse(reason: Refusal): { ok: false; reason: Refusal } {
  return { ok: false, reason };
}

/** Reads the secrets by which `flows` and the exporter authenticate to the broker. Throws if the file is missing or invalid. */
export function loadSecrets(file: string): Secrets {
  const read = parseSecrets(loadText(file), file);
  if (!read.ok) throw new StartError(read.line);
  return read.value;
}

/** Reads a public key from a PEM file. Throws if it is missing or invalid. */
export function loadPublicKey(file: string): KeyObject {
  return loadPem(file, createPublicKey, 'not a public key');
}

export type Sessions = ReturnType<typeof createSessions>;

/** Creates the list of open sessions. After a disconnect it keeps the admission of a client, which the last will still needs. */
export function createSessions() {
  const admittedAs = new WeakMap<Client, Admitted>();
  const openSessions = new Map<Client, Admitted>();
  const clientsByName = new Map<string, Client>();
  const removeClient = (client: Client) => {
    const name = openSessions.get(client)?.name ?? '';
    if (clientsByName.get(name) === client) clientsByName.delete(name);
    openSessions.delete(client);
  };
  return {
    open(client: Client, admitted: Admitted): void {
      if (client.closed) return; // the client has closed already, so `handleDisconnect` will not be called
      admittedAs.set(client, admitted);
      openSessions.set(client, admitted);
      clientsByName.set(admitted.name, client);
    },
    /** Removes the connection. Its last will, which is published later, is still authorised. */
    handleDisconnect: removeClient,
    admissionOf: (client: Client): Admitted | undefined => admittedAs.get(client),
    isOpen: (name: string): boolean => clientsByName.has(name),
    /** Closes every session for which `isValid` is now false, and discards its last will. */
    closeUnless(isValid: (admitted: Admitted) => boolean): Admitted[] {
      const ended = [...openSessions].filter(([, admitted]) => !isValid(admitted));
      for (const [client] of ended) {
        admittedAs.delete(client);
        removeClient(client);
        client.close();
      }
      return ended.map(([, admitted]) => admitted);
    },
    count: (kind: Principal['kind']): number => [...openSessions.values()].filter(({ principal }) => principal.kind === kind).length,
  };
}

/** Detects a second machine with the identity of a PC, and distinguishes it from a reboot of the PC. */
export type CloneDetector = ReturnType<typeof trackClones>;

/** Boot ids kept per PC. Cloned disks reconnect in turn, so this exceeds the usual number of clones. */
const bootsKept = 32;
const rememberedMs = 3_600_000;
/**
 * Times that an earlier boot may return before it is refused. `flows` reports the clones because of these returns, and one of them may be
 * lost.
 */
const returnsAllowed = 3;
/** Time after which one return is admitted again, so that a server that was offline can still detect the clones. */
const readmitAfterMs = 600_000;

/**
 * Guarantee: a machine that only reboots is never refused, because an old boot id does not return. After the detection the connected clone
 * stays connected: a machine that is disconnected before its first message reports nothing.
 */
export function trackClones(clock: Clock) {
  const bootHistory = new Map<string, { boots: readonly string[]; returns: number; returnedAt: number }>();
  return {
    /** Decides on a client by its name, the boot id in its last will, and whether a client of that name is connected. */
    isClone(name: string, boot: string | undefined, isOpen: boolean): boolean {
      const now = bootHistory.get(name);
      if (!now || !isOpen || boot === undefined || boot === now.boots[0]) return false;
      return now.returns >= returnsAllowed && clock.up() - now.returnedAt < readmitAfterMs;
    },
    /** Records a presence message that is forwarded to `flows`, which detects clones from the same messages. */
    recordPresence(name: string, boot: string | undefined): void {
      const before = bootHistory.get(name) ?? { boots: [], returns: 0, returnedAt: 0 };
      if (boot === undefined || boot === before.boots[0]) return;
      const isBack = before.boots.includes(boot);
      const returns = clock.up() - before.returnedAt < rememberedMs ? before.returns : 0;
      bootHistory.set(name, {
        boots: [boot, ...before.boots.filter((one) => one !== boot)].slice(0, bootsKept),
        returns: returns + (isBack ? 1 : 0),
        returnedAt: isBack ? clock.up() : before.returnedAt,
      });
    },
  };
}
