/** Who may ask. The API trusts its machine, so it must not be lent to a foreign page: DNS rebinding, forged posts. */
import type { IncomingHttpHeaders } from 'node:http';
import { oneLine } from '#contracts';

type Asked = { method: string; headers: IncomingHttpHeaders; port: number };
type Refusal = { status: 403 | 415; line: string };

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Why a request is not answered; undefined where it is.
 * Guarantee: what passes names this server as its Host, comes from no foreign Origin, and a POST is JSON, which no foreign form can send.
 */
export function refusalOf({ method, headers, port }: Asked): Refusal | undefined {
  const names = hostsOf(port);
  if (!names.includes(headers.host ?? '')) return { status: 403, line: `the Host "${shown(headers.host)}" is not this server` };
  const { origin } = headers;
  if (origin !== undefined && !names.some((name) => origin === `http://${name}`)) {
    return { status: 403, line: `the Origin "${shown(origin)}" is not this server` };
  }
  if (method === 'POST' && !/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    return { status: 415, line: 'a POST must be application/json' };
  }
  return undefined;
}

/** What every answer carries. `importMap` is the hash of the page's one inline script. */
export function securityHeaders(importMap: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src 'self' '${importMap}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  };
}

/** Host as a browser writes it: it leaves the port away where that is 80. */
function hostsOf(port: number): string[] {
  return loopbackNames.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
}

function shown(text: string | undefined): string {
  return oneLine(text ?? '', 80);
}
