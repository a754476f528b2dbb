import { expect, test } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { checkOf, faulty, knownOf, working } from './card.test-helper.ts';
import { createCard } from './card.ts';

function setUp() {
  const clock = handClock();
  const room = { checks: working, isBroken: false, isFull: false };
  const pages: string[] = [];
  const slips: string[] = [];
  const card = createCard({
    clock,
    known: () => {
      if (room.isBroken) throw new Error('no table');
      return knownOf(room.checks);
    },
    save: (html) => !room.isFull && pages.push(html) > 0,
    onInternalError: (what) => void slips.push(what),
  });
  const written = () => pages.map((html) => Number(/data-written="(\d+)"/.exec(html)?.[1]));
  return { clock, room, pages, slips, card, written };
}

test('the room card is written at once when its statement (ready, or the thing to fix) changes, and not for an equal statement', () => {
  const { room, pages, card } = setUp();
  card.look();
  room.checks = [...working, checkOf('pc', { device: 'disk' })];
  card.look();
  expect(pages).toHaveLength(1);
  room.checks = [...working, faulty('microphone.muted')];
  card.look();
  expect(pages).toHaveLength(2);
  expect(pages[1]).toContain('Microphone muted in the sound settings');
});

test('the room card is written once a minute with a new time if its statement does not change', async () => {
  const { clock, pages, card, written } = setUp();
  card.look();
  for (let at = 0; at < 12; at += 1) {
    await clock.pass(10_000);
    card.look();
  }
  expect(written().map((at) => at - (written()[0] ?? 0))).toEqual([0, 60_000, 120_000]);
  expect(new Set(pages.map((html) => html.replace(/data-written="\d+"/, ''))).size).toBe(1);
});

test('the room card becomes stale when the agent stops, and a later result does not renew it', () => {
  const { room, card, written } = setUp();
  card.look();
  card.stop();
  room.checks = [faulty('camera.missing')];
  card.look();
  expect(written().at(-1)).toBe(0);
  expect(written()).toHaveLength(2);
});
