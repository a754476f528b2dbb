/** The way in through an organisation's own directory: OpenID Connect, authorization code with PKCE. */
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
import { accountNamePattern, type OpenIdSettings, oneLine } from '#contracts';
import type { NewAccount } from './accounts.ts';

/** So long somebody may take to log in there. */
export const openIdLifeMs = 600_000;
const pendingAtMost = 1_000;

export type OpenIdOptions = { settings: OpenIdSettings; secret: string /** Milliseconds that never jump. */; up(): number };
export type Vouched = { ok: true; account: NewAccount & { openid: string } } | { ok: false; line: string };
export type OpenId = ReturnType<typeof createOpenId>;

type Pending = { nonce: string; verifier: string; at: number };

/** Guarantee: whom the directory does not vouch for, or to whom no grant of the settings applies, does not get in; each begun login counts once. */
export function createOpenId({ settings, secret, up }: OpenIdOptions) {
  const { issuer, clientId } = settings;
  const pending = new Map<string, Pending>();
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
    /** Where the browser is sent, and the state that it brings back in a cookie. Rejects where the directory cannot be asked. */
    async begin(back: string): Promise<{ state: string; url: string }> {
      const config = await configuration();
      const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
      pending.set(state, { nonce, verifier, at: up() });
      const [oldest] = pending.keys();
      if (pending.size > pendingAtMost && oldest !== undefined) pending.delete(oldest);
      const challenge = await calculatePKCECodeChallenge(verifier);
      const asked = { redirect_uri: back, scope: settings.scope, state, nonce, code_challenge: challenge, code_challenge_method: 'S256' };
      return { state, url: buildAuthorizationUrl(config, asked).href };
    },

    /** `came` = the address with which the browser came back, `state` what its cookie says. */
    async finish(came: URL, state: string): Promise<Vouched> {
      const begun = pending.get(state);
      pending.delete(state);
      if (begun === undefined || up() - begun.at > openIdLifeMs)
        return { ok: false, line: 'this login was not begun here, or too long ago' };
      const checks = { expectedState: state, expectedNonce: begun.nonce, pkceCodeVerifier: begun.verifier, idTokenExpected: true };
      try {
        const tokens = await authorizationCodeGrant(await configuration(), came, checks);
        return accountOf(settings, tokens.claims() ?? {});
      } catch (error) {
        return { ok: false, line: oneLine((error as Error).message, 200) };
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
