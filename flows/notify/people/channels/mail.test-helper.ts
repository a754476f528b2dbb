/** Parses a mail as a mail program does: decodes headers and body, and each part of a multipart mail. */

/** `html`: empty if the mail has no HTML part. */
export type ReadMail = { headers: Map<string, string>; raw: string; text: string; html: string };

export function readMail(raw: string): ReadMail {
  const { headers, body } = readPart(raw.replaceAll('\r\n', '\n'));
  const boundary = /^multipart\/alternative;.*boundary="?([^";]+)"?/.exec(headers.get('content-type') ?? '')?.[1];
  const parts =
    boundary === undefined
      ? [{ headers, body }]
      : body
          .split(`--${boundary}`)
          .slice(1, -1)
          .map((part) => readPart(part.slice(1, -1)));
  const of = (type: string) => parts.filter((part) => (part.headers.get('content-type') ?? type).startsWith(type)).map(decodedBody);
  return { headers, raw, text: of('text/plain')[0] ?? '', html: of('text/html')[0] ?? '' };
}

type MailPart = { headers: Map<string, string>; body: string };

function readPart(lines: string): MailPart {
  const split = lines.indexOf('\n\n');
  const unfolded = lines.slice(0, split).replace(/\n[ \t]+/g, ' ');
  const headers = new Map<string, string>();
  for (const line of unfolded.split('\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (headers.has(name) && name !== 'received') throw new Error(`the header ${name} stands twice`);
    headers.set(name, decodeWords(line.slice(colon + 1).trim()));
  }
  return { headers, body: lines.slice(split + 2) };
}

function decodedBody({ headers, body }: MailPart): string {
  return decodeBody(body, headers.get('content-transfer-encoding') ?? '7bit');
}

function decodeWords(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, how: string, text: string) =>
      how.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString() : decodeQuoted(text.replaceAll('_', ' ')),
    );
}

function decodeBody(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  return encoding === 'quoted-printable' ? decodeQuoted(body.replaceAll('=\n', '')) : body;
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
