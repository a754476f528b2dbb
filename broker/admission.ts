/** Who may connect: name and token against the secrets of the centre's own parts and the registry of PCs. */
import * as v from 'valibot';
import { describeIssue, nameOf, type RegistrySnapshot, tokenMatches } from '#contracts';
import { type Principal, principalOf } from './access.ts';

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const secrets = v.strictObject({ flows: hash, exporter: hash });

/** SHA-256 of the tokens of the two clients that are no PCs, hexadecimal. */
export type Secrets = v.InferOutput<typeof secrets>;
export type Identity = { clientId: string; clean: boolean; username: string | undefined; password: string | undefined };
export type Admitted = { ok: true; principal: Principal; name: string; tokenHash: string | null };
export type Refusal = 'no_identity' | 'client_id' | 'unclean_session' | 'unknown' | 'wrong_token' | 'revoked';

export type Admission = {
  /** Takes over a snapshot of the registry; until the first one no PC is admitted. */
  use(snapshot: RegistrySnapshot): void;
  /** Guarantee: admits only a clean session whose client id is its user name and whose token is the one on record. */
  authenticate(identity: Identity): Admitted | { ok: false; reason: Refusal };
  /** False when what a client was admitted on no longer stands: revoked, gone from the registry, or another token. */
  holds(admitted: Admitted): boolean;
};

export function createAdmission(own: Secrets): Admission {
  let pcs = new Map<string, { tokenHash: string | null; revoked: boolean }>();
  const find = (name: string) => (name === 'flows' || name === 'exporter' ? { tokenHash: own[name], revoked: false } : pcs.get(name));

  return {
    use(snapshot) {
      pcs = new Map(snapshot.pcs.map((entry) => [nameOf(entry.pc), entry]));
    },
    authenticate({ clientId, clean, username: name, password }) {
      // First: MQTT-3.1.3-8 asks for an answer of its own where such a client has no id, whatever else it lacks.
      if (!clean) return refuse('unclean_session');
      if (!name || !password) return refuse('no_identity');
      if (clientId !== name) return refuse('client_id');
      const principal = principalOf(name);
      const known = find(name);
      if (!principal || !known) return refuse('unknown');
      if (!tokenMatches(password, known.tokenHash)) return refuse('wrong_token');
      if (known.revoked) return refuse('revoked');
      return { ok: true, principal, name, tokenHash: known.tokenHash };
    },
    holds({ name, tokenHash }) {
      const known = find(name);
      return known !== undefined && !known.revoked && known.tokenHash === tokenHash;
    },
  };
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
