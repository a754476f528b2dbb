/** The two SIP messages that are needed to ask whether somebody is there (RFC 3261): OPTIONS, and what answers it. */
export type SipRequest = {
  transport: 'udp' | 'tcp' | 'tls';
  host: string;
  port: number;
  local: { address: string; port: number };
  /** Unguessable words: by the branch an answer is known as ours. */
  branch: string;
  tag: string;
  callId: string;
};

/**
 * The message is complete, still growing, or none of SIP at all. `answers`: this very question; by its branch ours, but not the question that
 * was asked; or somebody else's. `loose`: its lines end without the carriage return that SIP wants. A `request` asks something itself.
 */
export type SipRead =
  | { kind: 'response'; status: number; answers: 'ours' | 'misfit' | 'another'; loose: boolean; length: number }
  | { kind: 'request'; length: number }
  | { kind: 'more' }
  | { kind: 'garbage' };

const branchCookie = 'z9hG4bK';
const methods = 'OPTIONS INVITE ACK BYE CANCEL REGISTER NOTIFY SUBSCRIBE MESSAGE INFO UPDATE PRACK REFER PUBLISH'.split(' ');
const requestLine = new RegExp(`^(?:${methods.join('|')}) \\S+ SIP/2\\.0(?:\\r|\\n|$)`, 'i');
const limitBytes = 65_536;

/** The text of an OPTIONS request to a bridge. */
export function optionsRequest({ transport, host, port, local, branch, tag, callId }: SipRequest): Buffer {
  const from = `${bracketed(local.address)}:${local.port}`;
  const to = `sip:${bracketed(host)}:${port}`;
  const lines = [
    `OPTIONS ${to}${transport === 'udp' ? '' : `;transport=${transport}`} SIP/2.0`,
    `Via: SIP/2.0/${transport.toUpperCase()} ${from};branch=${branchCookie}${branch};rport`,
    'Max-Forwards: 70',
    `From: <sip:sabha@${from}>;tag=${tag}`,
    `To: <${to}>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    `Contact: <sip:sabha@${from}>`,
    'Accept: application/sdp',
    'Content-Length: 0',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/**
 * Reads the first message of a stream, or the one of a datagram, of which no more can come.
 * Guarantee: `ours` only where the branch of the topmost Via, the number and the method are those of the request: what answers another one says nothing.
 */
export function readMessage(bytes: Buffer, branch: string): SipRead {
  // Between two messages of a stream empty lines may stand, which keep it alive.
  const start = bytes.findIndex((byte) => byte !== 0x0d && byte !== 0x0a);
  if (start < 0) return { kind: 'more' };
  const text = bytes.toString('latin1', start);
  const end = /\r?\n\r?\n/.exec(text);
  const head = text.slice(0, end?.index);
  const what = beginningOf(head, end === null);
  if (what === 'garbage' || end === null) return { kind: what === 'garbage' || bytes.length > limitBytes ? 'garbage' : 'more' };
  const headers = head
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .slice(1);
  const via = headerOf(headers, 'via', 'v')?.split(',')[0] ?? '';
  const bodyBytes = Number(headerOf(headers, 'content-length', 'l') ?? 0);
  if (!(bodyBytes >= 0 && bodyBytes <= limitBytes)) return { kind: 'garbage' };
  const isOurs = /;\s*branch\s*=\s*([^;\s]+)/i.exec(via)?.[1] === `${branchCookie}${branch}`;
  const fits = /^0*1\s+OPTIONS$/.test(headerOf(headers, 'cseq') ?? '');
  const length = start + end.index + end[0].length + bodyBytes;
  if (typeof what !== 'number') return { kind: 'request', length };
  const answers = isOurs ? (fits ? 'ours' : 'misfit') : 'another';
  return { kind: 'response', status: what, answers, loose: /(?<!\r)\n/.test(head), length };
}

/** By its first line, as far as that has come: the status of an answer, or a question. */
function beginningOf(head: string, isGrowing: boolean): number | 'request' | 'more' | 'garbage' {
  const status = /^SIP\/2\.0 ([1-6]\d\d)(?: |\r|\n|$)/i.exec(head)?.[1];
  if (status !== undefined) return isGrowing ? 'more' : Number(status);
  if (requestLine.test(head)) return isGrowing ? 'more' : 'request';
  const begins = (want: string) => want.startsWith(head.slice(0, want.length).toUpperCase());
  const mayBecome = begins('SIP/2.0 ') || (!head.includes('\n') && methods.some((method) => begins(`${method} SIP`)));
  return isGrowing && mayBecome ? 'more' : 'garbage';
}

function headerOf(headers: string[], ...names: string[]): string | undefined {
  const found = headers.find((line) => names.includes(line.slice(0, line.indexOf(':')).trim().toLowerCase()));
  return found?.slice(found.indexOf(':') + 1).trim();
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
