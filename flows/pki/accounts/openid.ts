/** The way in through an organisation's own directory: OpenID Connect, authorization code with PKCE. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { accountNamePattern, keepLatest, type OpenIdSettings, oneLine } from '@sabha/contracts';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import type { NewAccount } from './accounts.ts';

/** So long somebody may take to log in there. */
export const openIdLifeMs = 600_000;
/** A directory takes its code once; where one does not, we remember the last of those that ended. */
const finishedAtMost = 1_000;

/** What the directory says of a person, or why it says nothing. */
export type Vouched =
  | { ok: true; account: NewAccount & { openid: string } }
  | { ok: false; line: string /** It did not answer. */; isAway?: true };
/** Logins by way of the organisation's directory. */
export type OpenId = ReturnType<typeof createOpenId>;

/**
 * `secret` proves this server to the directory; `up` gives milliseconds that never jump.
 * What a login needs at its end waits sealed in the cookie of its browser: here it would lie in a list that a stranger can flood.
 * Guarantee: whom the directory does not vouch for, or to whom no grant of the settings applies, does not get in; each begun login counts once.
 */
export function createOpenId({ settings, secret, up }: { settings: OpenIdSettings; secret: string; up(): number }) {
  const { issuer, clientId } = settings;
  const seal = createSeal<{ state: string; nonce: string; verifier: string; at: number }>();
  const finished = new Map<string, true>();
  let found: Promise<Configuration> | undefined;

  /** Asked at the first login: a directory that is out of reach must not hold up the start of the centre. */
  function configuration(): Promise<Configuration> {
    // The library would trust a token's signature to TLS; we look at it.
    const execute = [enableNonRepudiationChecks, ...(issuer.startsWith('http:') ? [allowInsecureRequests] : [])];
    found ??= discovery(new URL(issuer), clientId, undefined, ClientSecretBasic(secret), { execute }).catch((error) => {
      found = undefined;
      throw error;
    });
    return found;
  }

  return {
    /** What its people call it by. */
    host: new URL(issuer).host,

    /** Where the browser is sent, and what it brings back in a cookie. Rejects where the directory cannot be asked. */
    async begin(back: string): Promise<{ cookie: string; url: string }> {
      const config = await configuration();
      const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
      const challenge = await calculatePKCECodeChallenge(verifier);
      const asked = { redirect_uri: back, scope: settings.scope, state, nonce, code_challenge: challenge, code_challenge_method: 'S256' };
      return { cookie: seal.close({ state, nonce, verifier, at: up() }), url: buildAuthorizationUrl(config, asked).href };
    },

    /** `came` = the address with which the browser came back, `cookie` what it brought. */
    async finish(came: URL, cookie: string): Promise<Vouched> {
      const begun = seal.open(cookie);
      if (begun === undefined || finished.has(begun.state) || up() - begun.at > openIdLifeMs)
        return { ok: false, line: 'this login was not begun here, or too long ago' };
      keepLatest(finished, [begun.state, true], finishedAtMost);
      const checks = { expectedState: begun.state, expectedNonce: begun.nonce, pkceCodeVerifier: begun.verifier, idTokenExpected: true };
      try {
        const tokens = await authorizationCodeGrant(await configuration(), came, checks);
        return accountOf(settings, tokens.claims() ?? {});
      } catch (error) {
        return { ok: false, line: oneLine((error as Error).message, 200), ...(isAway(error) && { isAway: true }) };
      }
    },
  };
}

/** Whoever does not answer refuses nobody: the network said so, or nobody did in time. */
function isAway(error: unknown): boolean {
  const { name, code, cause } = error as { name?: string; code?: string; cause?: { code?: string } };
  return name === 'TimeoutError' || code === 'OAUTH_TIMEOUT' || /^(E|UND_ERR)/.test(cause?.code ?? '');
}

/** Closes and opens with a key that nobody else has and that ends with this process (AES-256-GCM). What it did not close it does not open. */
function createSeal<T>() {
  const key = randomBytes(32);
  const [ivBytes, tagBytes] = [12, 16];
  return {
    close(value: T): string {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const closed = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), closed]).toString('base64url');
    },
    open(text: string): T | undefined {
      const bytes = Buffer.from(text, 'base64url');
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
        decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
        return JSON.parse(decipher.update(bytes.subarray(ivBytes + tagBytes)).toString('utf8') + decipher.final('utf8'));
      } catch {
        return undefined;
      }
    },
  };
}

/** The first grant whose value stands in the claim. */
function accountOf({ nameClaim, claim, grants }: OpenIdSettings, claims: Record<string, unknown>): Vouched {
  const name = String(claims[nameClaim] ?? '').toLowerCase();
  const openid = String(claims['sub'] ?? '');
  if (!accountNamePattern.test(name) || openid === '') return { ok: false, line: `the claim ${nameClaim} holds no name for an account` };
  const held = [claims[claim]].flat();
  const grant = grants.find(({ value }) => held.includes(value));
  if (grant === undefined) return { ok: false, line: `no grant applies to ${name}` };
  return { ok: true, account: { name, role: grant.role, scope: grant.scope, openid } };
}
