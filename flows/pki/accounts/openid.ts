/** Sign-in through an organisation's identity provider: OpenID Connect, authorization code flow with PKCE. */
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

export const openIdLifeMs = 600_000;
/** Completed sign-ins that are remembered against replay, in case the provider accepts a code twice. */
const finishedAtMost = 1_000;

/** The account that the identity provider vouches for, or the reason why not. */
export type OpenIdResult =
  | { ok: true; account: NewAccount & { openid: string } }
  | { ok: false; line: string /** Set if the provider did not respond. */; isUnreachable?: true };
export type OpenId = ReturnType<typeof createOpenId>;

/**
 * `secret` authenticates this server to the identity provider. `up` is a monotonic clock in milliseconds.
 * The state of a sign-in is encrypted in a cookie of its browser. A list on the server could be flooded by strangers.
 * Guarantee: nobody signs in without the provider's confirmation and a matching grant of the settings. Each started sign-in succeeds at
 * most once.
 */
export function createOpenId({ settings, secret, up }: { settings: OpenIdSettings; secret: string; up(): number }) {
  const { issuer, clientId } = settings;
  const seal = createCookieSeal<{ state: string; nonce: string; verifier: string; at: number }>();
  const finished = new Map<string, true>();
  let found: Promise<Configuration> | undefined;

  /**
   * Reads the configuration of the provider at the first sign-in, so that an unreachable provider does not delay the start of the server. A
   * failure is not cached.
   */
  function configuration(): Promise<Configuration> {
    // By default the library trusts TLS and does not check the signature of the token. This option checks the signature.
    const execute = [enableNonRepudiationChecks, ...(issuer.startsWith('http:') ? [allowInsecureRequests] : [])];
    found ??= discovery(new URL(issuer), clientId, undefined, ClientSecretBasic(secret), { execute }).catch((error) => {
      found = undefined;
      throw error;
    });
    return found;
  }

  return {
    /** Host name of the provider, shown on the sign-in page. */
    host: new URL(issuer).host,

    /** Returns the provider's URL for the redirect, and the cookie with the state. Rejects if the provider cannot be reached. */
    async begin(back: string): Promise<{ cookie: string; url: string }> {
      const config = await configuration();
      const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
      const challenge = await calculatePKCECodeChallenge(verifier);
      const asked = { redirect_uri: back, scope: settings.scope, state, nonce, code_challenge: challenge, code_challenge_method: 'S256' };
      return { cookie: seal.close({ state, nonce, verifier, at: up() }), url: buildAuthorizationUrl(config, asked).href };
    },

    /** Completes a sign-in. `came` = callback URL of the browser, `cookie` = the sealed state. */
    async finish(came: URL, cookie: string): Promise<OpenIdResult> {
      const begun = seal.open(cookie);
      if (begun === undefined || finished.has(begun.state) || up() - begun.at > openIdLifeMs)
        return { ok: false, line: 'this sign-in did not begin here, or began too long ago' };
      keepLatest(finished, [begun.state, true], finishedAtMost);
      const checks = { expectedState: begun.state, expectedNonce: begun.nonce, pkceCodeVerifier: begun.verifier, idTokenExpected: true };
      try {
        const tokens = await authorizationCodeGrant(await configuration(), came, checks);
        return accountOf(settings, tokens.claims() ?? {});
      } catch (error) {
        return { ok: false, line: oneLine((error as Error).message, 200), ...(isUnreachableError(error) && { isUnreachable: true }) };
      }
    },
  };
}

/** Distinguishes an unreachable provider (network error or timeout) from a refusal. */
function isUnreachableError(error: unknown): boolean {
  const { name, code, cause } = error as { name?: string; code?: string; cause?: { code?: string } };
  return name === 'TimeoutError' || code === 'OAUTH_TIMEOUT' || /^(E|UND_ERR)/.test(cause?.code ?? '');
}

/** Encrypts and authenticates values with a random key of this process (AES-256-GCM). `open` returns undefined for any other text. */
function createCookieSeal<T>() {
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

/** Returns the account of the first grant whose value is in the claim. */
function accountOf({ nameClaim, claim, grants }: OpenIdSettings, claims: Record<string, unknown>): OpenIdResult {
  const name = String(claims[nameClaim] ?? '').toLowerCase();
  const openid = String(claims['sub'] ?? '');
  if (!accountNamePattern.test(name) || openid === '') return { ok: false, line: `the claim ${nameClaim} holds no name for an account` };
  const held = [claims[claim]].flat();
  const grant = grants.find(({ value }) => held.includes(value));
  if (grant === undefined) return { ok: false, line: `no grant applies to ${name}` };
  return { ok: true, account: { name, role: grant.role, scope: grant.scope, openid } };
}
