/** Where a centre is, as people type it and as a call takes it. */

/** Host and port; an IPv6 address without its brackets. */
export type Place = { host: string; port: number };

/** Of a name without one. */
export const usualPort = 8_443;

/** A place as people type it: a bare name is that of the usual port. */
export function placeOf(typed: string): Place | undefined {
  const text = typed.replaceAll(/\s/g, '').replaceAll(',', '.');
  const isBare = !text.includes('://');
  const url = text === '' ? null : URL.parse(isBare ? `https://${text}` : text);
  if (url?.protocol !== 'https:') return undefined;
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port: Number(url.port || (isBare ? usualPort : 443)) };
}

/** The same as a call takes it. */
export function addressOf({ host, port }: Place): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
