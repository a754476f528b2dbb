import { expect, test } from 'vitest';
import { isStampProbe, readReply, sessionKeyOf, stampBytes, tokenOf, writeProbe, writeReply } from './stamp.ts';

const token = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

test('a probe has the bytes of RFC 8762, with the session of RFC 8972 and our token in the zero field', () => {
  // 1970 is 0x83aa7e80 seconds after 1900; half a second is 0x80000000.
  const packet = writeProbe({ seq: 7, sentAt: 1_500, session: 0xabcd, token });
  expect(packet.toString('hex')).toBe(`00000007${'83aa7e81'}${'80000000'}0001abcd${token.toString('hex')}${'00'.repeat(12)}`);
  expect(packet).toHaveLength(stampBytes);
  expect(isStampProbe(packet)).toBe(true);
  expect(tokenOf(packet)).toEqual(token);
  expect(Buffer.from(sessionKeyOf(packet), 'latin1').toString('hex')).toBe(`abcd${token.toString('hex')}`);
});

test('a reply has the bytes of RFC 8762: its own number and times, then those of the sender, and an unknown TTL', () => {
  const probe = writeProbe({ seq: 9, sentAt: 1_500, session: 0xabcd, token });
  const reply = writeReply(probe, { seq: 4, receivedAt: 2_250, sentAt: () => 3_750 });
  const own = `00000004${'83aa7e83'}${'c0000000'}0001abcd${'83aa7e82'}${'40000000'}`;
  expect(reply.toString('hex')).toBe(`${own}00000009${'83aa7e81'}${'80000000'}00010000ff000000`);
  expect(readReply(reply)).toEqual({ seq: 4, sentAt: 3_750, receivedAt: 2_250, session: 0xabcd, probe: { seq: 9, sentAt: 1_500 } });
  expect(reply.includes(token)).toBe(false);
});

test('times survive encoding to a microsecond, before and after the NTP era change of 2036', () => {
  for (const sentAt of [
    1_764_000_000_123.456,
    Date.UTC(2036, 1, 7, 6, 28, 15) + 0.75,
    Date.UTC(2036, 1, 7, 6, 28, 16) + 0.25,
    Date.UTC(2041, 0),
  ]) {
    const reply = writeReply(writeProbe({ seq: 1, sentAt, session: 1, token }), {
      seq: 1,
      receivedAt: sentAt + 1,
      sentAt: () => sentAt + 2,
    });
    const read = readReply(reply);
    expect(Math.abs((read?.probe.sentAt ?? 0) - sentAt)).toBeLessThan(0.001);
    expect(Math.abs((read?.sentAt ?? 0) - sentAt - 2)).toBeLessThan(0.001);
  }
});
