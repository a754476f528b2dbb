/** Who may connect: name and token, or certificate, against the secrets of the centre's own parts and the registry of PCs. */

import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import {
  type Clock,
  clientAuth,
  commonNameOf,
  describeIssue,
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

/** SHA-256 of the tokens of the two clients that are no PCs, hexadecimal. */
export type Secrets = v.InferOutput<typeof secrets>;
/** What a client says of itself in CONNECT, and what it shows for it. */
export type Identity = { clientId: string; clean: boolean; username: string | undefined; proof: Proof };
/** What a client shows: a password on the plain listener; over TLS its certificate, already verified against the roots. */
export type Proof = { password: string | undefined } | { certificate: X509Certificate | undefined };
/** What it was admitted on. */
export type Ground = { tokenHash: string } | { serial: string };
/** A client that is in: who it is, and on what it was let in. */
export type Admitted = { ok: true; principal: Principal; name: string; ground: Ground };
/** Why a client is not let in. Reasons are few, so that they can be counted. */
export type Refusal = 'no_identity' | 'client_id' | 'unclean_session' | 'unknown' | 'wrong_token' | 'wrong_certificate' | 'revoked';

/** Judges who connects, by the last snapshot of the registry. */
export type Admission = ReturnType<typeof createAdmission>;

/** `own` are the hashes of the centre's own parts, which stand in no registry. */
export function createAdmission(own: Secrets) {
  let pcs = new Map<string, Known>();
  const find = (name: string): Known | undefined =>
    name === 'flows' || name === 'exporter' ? { tokenHash: own[name], certificates: [], revoked: false } : pcs.get(name);

  return {
    /** Takes over a snapshot of the registry; until the first one no PC is admitted. */
    use(snapshot: RegistrySnapshot): void {
      pcs = new Map(snapshot.pcs.map((entry) => [nameOf(entry.pc), entry]));
    },
    /**
     * Guarantee: admits only a clean session whose client id is its user name, and whose token is the one on record or whose certificate is
     * in its name, made for clients, and one of those on record. Over TLS a token opens nothing, and only PCs come in.
     */
    authenticate({ clientId, clean, username: name, proof }: Identity): Admitted | { ok: false; reason: Refusal } {
      // First: MQTT-3.1.3-8 asks for an answer of its own where such a client has no id, whatever else it lacks.
      if (!clean) return refuse('unclean_session');
      if (!name || !isShown(proof)) return refuse('no_identity');
      if (clientId !== name) return refuse('client_id');
      const principal = principalOf(name);
      const known = find(name);
      if (!principal || !known) return refuse('unknown');
      const ground = groundOf(proof, name, known);
      if (typeof ground === 'string') return refuse(ground);
      if (known.revoked) return refuse('revoked');
      return { ok: true, principal, name, ground };
    },
    /** False when what a client was admitted on no longer stands: revoked, gone from the registry, another token or certificate. */
    holds({ name, ground }: Admitted): boolean {
      const known = find(name);
      if (known === undefined || known.revoked) return false;
      return 'serial' in ground ? known.certificates.includes(ground.serial) : known.tokenHash === ground.tokenHash;
    },
  };
}

type Known = Pick<RegistrySnapshot['pcs'][number], 'tokenHash' | 'certificates' | 'revoked'>;

function isShown(proof: Proof): boolean {
  return 'certificate' in proof ? proof.certificate !== undefined : Boolean(proof.password);
}

function groundOf(proof: Proof, name: string, { tokenHash, certificates }: Known): Ground | Refusal {
  if (!('certificate' in proof)) return tokenHash !== null && tokenMatches(proof.password ?? '', tokenHash) ? { tokenHash } : 'wrong_token';
  const { certificate } = proof;
  if (certificate === undefined || commonNameOf(certificate) !== name) return 'client_id';
  const serial = serialOf(certificate);
  return certificate.keyUsage?.includes(clientAuth) && certificates.includes(serial) ? { serial } : 'wrong_certificate';
}

/** Reads the secrets file, or says in one line what is wrong with it. */
export function readSecrets(text: string, file: string): { ok: true; value: Secrets } | { ok: false; line: string } {
  try {
    const result = v.safeParse(secrets, JSON.parse(text));
    return result.success ? { ok: true, value: result.output } : { ok: false, line: `${file}: ${describeIssue(result.issues[0])}` };
  } catch {
    return { ok: false, line: `${file}: not JSON` };
  }
}

function refuse(reason: Refusal): { ok: false; reason: Refusal } {
  return { ok: false, reason };
}

/** Reads the secrets by which `flows` and the exporter authenticate to the broker. Throws if the file is missing or invalid. */
export function loadSecrets(file: string): Secrets {
  const read = readSecrets(loadText(file), file);
  if (!read.ok) throw new StartError(read.line);
  return read.value;
}

/** The public key in a PEM file; throws where there is none. */
export function loadKey(file: string): KeyObject {
  return loadPem(file, createPublicKey, 'not a public key');
}

/** The clients that are in, by connection and by name. */
export type Sessions = ReturnType<typeof createSessions>;

/** Remembers of a client that is gone only what its will still needs. */
export function createSessions() {
  const admittedAs = new WeakMap<Client, Admitted>();
  const live = new Map<Client, Admitted>();
  const named = new Map<string, Client>();
  const leave = (client: Client) => {
    const name = live.get(client)?.name ?? '';
    if (named.get(name) === client) named.delete(name);
    live.delete(client);
  };
  return {
    open(client: Client, admitted: Admitted): void {
      if (client.closed) return; // its `gone` has been and will not come again
      admittedAs.set(client, admitted);
      live.set(client, admitted);
      named.set(admitted.name, client);
    },
    /** The connection is gone; its will, which fires later, is still its own. */
    gone: leave,
    of: (client: Client): Admitted | undefined => admittedAs.get(client),
    /** True while a client of this name is connected. */
    isOpen: (name: string): boolean => named.has(name),
    /** Ends every session that `holds` no longer confirms, as of now: not even its will is heard. */
    endUnless(holds: (admitted: Admitted) => boolean): Admitted[] {
      const ended = [...live].filter(([, admitted]) => !holds(admitted));
      for (const [client] of ended) {
        admittedAs.delete(client);
        leave(client);
        client.close();
      }
      return ended.map(([, admitted]) => admitted);
    },
    count: (kind: Principal['kind']): number => [...live.values()].filter(({ principal }) => principal.kind === kind).length,
  };
}

/** Tells a machine that came back from a second one under the same name. */
export type Clones = ReturnType<typeof createClones>;

/** More than machines are ever made of one disk at once: those who are thrown out come back in their turn, the last of all. */
const bootsKept = 32;
const rememberedMs = 3_600_000;
/** Heard by `flows` one after the other: one of them may be lost. */
const returnsAllowed = 3;
/** A centre that was away when they were heard hears the next one; each of the machines has its turn. */
const letInAfterMs = 600_000;

/**
 * Guarantee: a machine that only reboots is never refused, since no boot comes back after another one. Of those that share an identity
 * the one that is connected stays, once it has been said that there are several: a machine that is thrown out before its first word says nothing.
 */
export function createClones(clock: Clock) {
  const known = new Map<string, { boots: readonly string[]; returns: number; returnedAt: number }>();
  return {
    /** Asked of each client that is to be admitted: its name, the boot that its will names, and whether a client of that name is connected. */
    refuses(name: string, boot: string | undefined, isOpen: boolean): boolean {
      const now = known.get(name);
      if (!now || !isOpen || boot === undefined || boot === now.boots[0]) return false;
      return now.returns >= returnsAllowed && clock.up() - now.returnedAt < letInAfterMs;
    },
    /** Told of each presence that goes on to `flows`, which judges by these. */
    spoke(name: string, boot: string | undefined): void {
      const before = known.get(name) ?? { boots: [], returns: 0, returnedAt: 0 };
      if (boot === undefined || boot === before.boots[0]) return;
      const isBack = before.boots.includes(boot);
      const returns = clock.up() - before.returnedAt < rememberedMs ? before.returns : 0;
      known.set(name, {
        boots: [boot, ...before.boots.filter((one) => one !== boot)].slice(0, bootsKept),
        returns: returns + (isBack ? 1 : 0),
        returnedAt: isBack ? clock.up() : before.returnedAt,
      });
    },
  };
}
