import { expect, it } from 'vitest';
import { optionsRequest, readMessage } from './sip.ts';

const branch = '0123abcd';
const request = (transport: 'udp' | 'tcp' | 'tls', host = 'bridge.example') =>
  optionsRequest({
    transport,
    host,
    port: 5060,
    local: { address: '192.0.2.7', port: 40_000 },
    branch,
    tag: 'tag1',
    callId: 'call1',
  }).toString();
const response = (first: string, headers: string[], body = '') => Buffer.from(`${[first, ...headers].join('\r\n')}\r\n\r\n${body}`);
const own = [`Via: SIP/2.0/UDP 192.0.2.7:40000;branch=z9hG4bK${branch};rport=40000;received=192.0.2.7`, 'CSeq: 1 OPTIONS'];
const read = (first: string, headers = own, body = '') => readMessage(response(first, headers, body), branch);

it('optionsRequest writes every header that RFC 3261 requires of a request', () => {
  const text = request('udp');
  expect(text.startsWith('OPTIONS sip:bridge.example:5060 SIP/2.0\r\n')).toBe(true);
  for (const header of ['Via: SIP/2.0/UDP 192.0.2.7:40000;branch=z9hG4bK0123abcd;rport', 'Max-Forwards: 70', 'CSeq: 1 OPTIONS'])
    expect(text).toContain(`\r\n${header}\r\n`);
  for (const header of [
    'From: <sip:sabha@192.0.2.7:40000>;tag=tag1',
    'To: <sip:bridge.example:5060>',
    'Call-ID: call1',
    'Content-Length: 0',
  ])
    expect(text).toContain(`\r\n${header}\r\n`);
  expect(text.endsWith('\r\n\r\n')).toBe(true);
});

it('readMessage reads the status of the matching response, also with compact and folded headers', () => {
  expect(read('SIP/2.0 200 OK')).toMatchObject({ kind: 'response', status: 200, answers: 'ours' });
  expect(read('SIP/2.0 404')).toMatchObject({ status: 404, answers: 'ours' });
  const folded = [`v: SIP/2.0/UDP h\r\n ;rport=1\r\n\t;branch=z9hG4bK${branch}, SIP/2.0/UDP other;branch=z9hG4bKzzz`, 'CSEQ : 1 OPTIONS'];
  expect(read('SIP/2.0 503 Later', folded)).toMatchObject({ status: 503, answers: 'ours' });
});

it.each([
  ['another branch', 'another', [`Via: SIP/2.0/UDP h;branch=z9hG4bK${branch}9`, 'CSeq: 1 OPTIONS']],
  ['ours below the top', 'another', [`Via: SIP/2.0/UDP h;branch=z9hG4bKq, SIP/2.0/UDP h;branch=z9hG4bK${branch}`, 'CSeq: 1 OPTIONS']],
  ['another number', 'misfit', [own[0] ?? '', 'CSeq: 2 OPTIONS']],
  ['another method', 'misfit', [own[0] ?? '', 'CSeq: 1 INVITE']],
])('readMessage does not accept a response with %s as the response to this request', (_, answers, headers) => {
  expect(read('SIP/2.0 200 OK', headers)).toMatchObject({ kind: 'response', answers });
});

it.each(['HTTP/1.1 400 Bad Request\r\n\r\n', '\0\0\0', 'SIP/3.0 200 OK\r\n\r\n', 'hello', 'OPTIONS / HTTP/1.1\r\n\r\n'])(
  'readMessage classifies %j as garbage, that is, not SIP',
  (text) => {
    expect(readMessage(Buffer.from(text), branch).kind).toBe('garbage');
  },
);
