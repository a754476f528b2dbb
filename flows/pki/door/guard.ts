/** Through which names it may be asked. It trusts its machine and a browser's cookie, so it must not be lent to a foreign page: DNS rebinding, forged posts. */
import type { IncomingHttpHeaders } from 'node:http';
import { oneLine } from '@sabha/contracts';

/** `names` = what a Host may say, `scheme` = that of its own pages. */
export type Hosts = (port: number) => { scheme: 'http' | 'https'; names: readonly string[] };
/** `form` = it takes a form of its own pages, with a proof in it: a foreign page has none to send, so no Origin is asked, which some phones keep back. */
type Asked = { method: string; headers: IncomingHttpHeaders; hosts: ReturnType<Hosts>; form?: boolean };
/** `reason` names what was foreign, for the counter. */
type Refusal = { status: 403 | 415; reason: 'host' | 'origin' | 'type'; line: string };

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Why a request is not answered; undefined where it is.
 * Guarantee: what passes names this server as its Host, comes from no foreign Origin, and a POST is JSON, which no foreign form can send.
 */
export function refusalOf({ method, headers, hosts: { scheme, names }, form = false }: Asked): Refusal | undefined {
  if (!names.includes(headers.host ?? ''))
    return { status: 403, reason: 'host', line: `the Host "${shown(headers.host)}" is not this server` };
  const { origin } = headers;
  if (origin !== undefined && !form && !names.some((name) => origin === `${scheme}://${name}`)) {
    return { status: 403, reason: 'origin', line: `the Origin "${shown(origin)}" is not this server` };
  }
  if (method === 'POST' && !form && !/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    return { status: 415, reason: 'type', line: 'a POST must be application/json' };
  }
  return undefined;
}

/** What stands in the pages themselves, by its hash. */
export type Inline = { scripts: readonly string[]; styles: readonly string[] };

/** What stands in the head of an answer's page, as HTML. */
export type Head = { style: string; script: string; inline: Inline };

/** What every answer carries. */
export function securityHeaders({ scripts, styles }: Inline): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src ${ownAnd(scripts)}`,
    `style-src ${ownAnd(styles)}`,
    "img-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    // Names the one worker that shows what is pushed, and nothing else: it takes no address.
    'trusted-types worker',
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  };
}

/** Sources of a policy: what this server sends, and what stands in its pages. */
export function ownAnd(hashes: readonly string[]): string {
  return ["'self'", ...hashes.map((hash) => `'${hash}'`)].join(' ');
}

/** A browser leaves the port away where it is the scheme's own. */
export const loopbackHosts: Hosts = (port) => ({
  scheme: 'http',
  names: loopbackNames.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])),
});

/** Without a port too: a firewall may lead the usual one here. */
export function namedHosts(names: readonly string[]): Hosts {
  return (port) => ({ scheme: 'https', names: names.flatMap((name) => [name, `${name}:${port}`]) });
}

function shown(text: string | undefined): string {
  return oneLine(text ?? '', 80);
}
