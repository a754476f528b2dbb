import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { realClock } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createConnectionLimiter } from './gate.ts';
import { defaultLimits } from './limits.ts';

/** Creates a connection limiter with a manual clock, and connections from any address. */
function setUp() {
  const state = { up: 0, port: 0 };
  const refused: string[] = [];
  const gate = createConnectionLimiter(defaultLimits, { ...realClock(), up: () => state.up }, ({ reason, who }) =>
    refused.push(`${reason} ${who}`),
  );
  const from = (remoteAddress: string) => {
    state.port += 1;
    const socket = new EventEmitter();
    return Object.assign(socket, {
      remoteAddress,
      remotePort: state.port,
      localPort: 8_883,
      destroy: () => socket.emit('close'),
    }) as unknown as Socket;
  };
  return { state, gate, refused, from };
}

test('S7 2,100 PCs behind one address reconnect in about a minute, because an admitted PC does not use up the quota', () => {
  const { state, gate, from } = setUp();
  const handshakeMs = 500;
  const events: { at: number; act: () => void }[] = [];
  const later = (ms: number, act: () => void) => events.push({ at: state.up + ms, act });
  let back = 0;
  let lastAt = 0;
  const arrive = (name: string, failures: number) => {
    const socket = from('100.64.0.1');
    // Retries as agents do: a longer delay each time, with jitter.
    if (!gate.register(socket))
      return later(1_000 + ((back * 7_919 + failures * 104_729 + Number(name) * 31) % 59_000), () => arrive(name, failures + 1));
    later(handshakeMs, () => {
      gate.markAdmitted(socket, name);
      back += 1;
      lastAt = state.up;
    });
  };
  for (let pc = 0; pc < 2_100; pc += 1) later((pc * 4_000) / 2_100, () => arrive(`${pc}`, 0));
  while (events.length > 0) {
    const next = events.reduce((least, one) => (one.at < least.at ? one : least));
    events.splice(events.indexOf(next), 1);
    state.up = next.at;
    next.act();
    if (state.up > 300_000) break;
  }
  expect(back).toBe(2_100);
  expect(lastAt).toBeLessThan(70_000);
});

test('S7 the connections of unauthenticated clients are limited to the rate of their address', () => {
  const { gate, from, refused } = setUp();
  for (let n = 0; n < 1_000; n += 1) gate.register(from('100.64.0.1'));
  expect(refused).toHaveLength(1_000 - defaultLimits.connects.burst);
  expect(gate.register(from('100.64.0.2'))).toBe(true);
});

test('S8 repeated connections of one admitted PC use up the quota of its address', () => {
  const { gate, from } = setUp();
  let entered = 0;
  for (let n = 0; n < 1_000; n += 1) {
    const socket = from('100.64.0.1');
    if (!gate.register(socket)) continue;
    entered += 1;
    gate.markAdmitted(socket, 'ladakh.leh.pc-1');
    socket.destroy();
  }
  expect(entered).toBeLessThan(defaultLimits.connects.burst + 10);
});
