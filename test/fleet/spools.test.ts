import { realClock } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { openSpool } from '../../agent/uplink/spool/spool.ts';
import { createLife } from './life.ts';
import { createSpoolStore } from './spools.ts';

const clock = realClock();
const open = (disk: Parameters<typeof openSpool>[0]['disk']) => openSpool({ disk, clock, random: Math.random, boot: 'boot-1' });

test('spools that share a database know nothing of one another', () => {
  const store = createSpoolStore();
  const [a, b] = [open(store.disk(1)), open(store.disk(11))];
  a.append('check', { of: 'a' });
  b.append('check', { of: 'b' });
  expect(a.id()).not.toBe(b.id());
  expect(a.after(0, 10).map(({ body }) => body['of'])).toEqual([undefined, 'a']);
  expect(b.after(0, 10).map(({ body }) => body['of'])).toEqual([undefined, 'b']);
  a.ack({ spool: a.id(), upTo: 2 });
  expect([a.figures().waiting, b.figures().waiting]).toEqual([0, 2]);
});

test('a PC that lost its power finds its spool as it was, and its old life writes nothing more', () => {
  const store = createSpoolStore();
  const life = createLife(clock);
  const before = open(life.disk(store.disk(5)));
  before.append('check', { n: 1 });
  life.end();
  expect(before.append('check', { n: 2 })).toEqual({ ok: false, reason: 'the PC is off' });
  const after = open(createLife(clock).disk(store.disk(5)));
  expect(after.id()).toBe(before.id());
  expect(after.unclean()).toBe(true);
  expect(after.range().last).toBe(2);
});

test('a life that is over has no timers left, and takes no new ones', async () => {
  const life = createLife(clock);
  const ran: string[] = [];
  life.clock.after(5, () => ran.push('before'));
  life.end();
  life.clock.after(5, () => ran.push('after'));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(ran).toEqual([]);
});
