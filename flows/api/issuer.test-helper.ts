/** An OpenID Connect provider whose claims a test sets. Its tokens are real JWTs, signed with RS256. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Claims = Record<string, unknown>;
export type TestIssuer = Awaited<ReturnType<typeof startIssuer>>;

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Listens on loopback. `claims` override those of the next ID token. `forge` signs with a key that is not published. */
export async function startIssuer(port = 0) {
  const state = { claims: {} as Claims, forge: false, alg: 'RS256', asked: [] as URLSearchParams[], authorized: '' };
  const codes = new Map<string, { challenge: string; nonce: string }>();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', at);
    const json = (body: object) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url.pathname === '/.well-known/openid-configuration') return json(documentOf(at));
    if (url.pathname === '/keys')
      return json({ keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] });
    if (url.pathname === '/authorize') return response.writeHead(302, { location: authorized(url.searchParams) }).end();
    const form = new URLSearchParams(await text(request));
    state.asked.push(form);
    state.authorized = Buffer.from((request.headers.authorization ?? '').slice('Basic '.length), 'base64').toString();
    const begun = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const proof = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (begun?.challenge !== proof) return response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    return json({ access_token: 'a', token_type: 'Bearer', expires_in: 60, id_token: tokenOf(begun.nonce) });
  });

  /** Returns the redirect of the browser after a successful sign-in at the provider. */
  function authorized(query: URLSearchParams): string {
    const code = randomBytes(16).toString('hex');
    codes.set(code, { challenge: query.get('code_challenge') ?? '', nonce: query.get('nonce') ?? '' });
    return `${query.get('redirect_uri')}?${new URLSearchParams({ code, state: query.get('state') ?? '' })}`;
  }

  function tokenOf(nonce: string): string {
    const nowS = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: at,
      aud: 'sabha',
      sub: 'u-1',
      iat: nowS,
      exp: nowS + 60,
      nonce,
      email: 'Asha@office.test',
      groups: ['staff', 'sabha-ladakh'],
    };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const content = `${part({ alg: state.alg, kid: 'k1', typ: 'JWT' })}.${part({ ...claims, ...state.claims })}`;
    if (state.alg === 'none') return `${content}.`;
    return `${content}.${sign('sha256', Buffer.from(content), (state.forge ? other : keys).privateKey).toString('base64url')}`;
  }

  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { at, state, close };
}

function documentOf(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    code_challenge_methods_supported: ['S256'],
  };
}
