import { expect, test } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { type MarkerOptions, openMarker } from './boot-marker.ts';

const startMs = 1_790_000_000_000;

function disk() {
  const words = new Map<string, string>();
  let writes = 0;
  return {
    words,
    writes: () => writes,
    recall: (key: string) => words.get(key),
    remember: (key: string, value: string) => {
      writes += 1;
      words.set(key, value);
      return true;
    },
  };
}

function marker(memory: ReturnType<typeof disk>, boot: string, { clock = handClock(startMs), crashed = false } = {}) {
  const system = { begun: null as string | null };
  const options: MarkerOptions = { memory, clock, boot, crashedBefore: () => crashed, readEnd: () => system.begun };
  return { clock, system, ...openMarker(options) };
}

const mains = (onMains: boolean | null, isEnding = false) => ({ onMains, isEnding });

test('a new boot reports when the previous boot was last alive, on which power, and that it ended without a bye', async () => {
  const memory = disk();
  const first = marker(memory, 'boot-1');
  expect(first.previous()).toBeUndefined();
  first.alive(mains(true));
  await first.clock.pass(600_000);
  first.alive(mains(false));
  await first.clock.pass(29_999);
  first.alive(mains(false));
  const second = marker(memory, 'boot-2', { clock: handClock(startMs + 900_000) });
  expect(second.previous()).toEqual({
    boot: 'boot-1',
    aliveAt: startMs + 600_000,
    mains: false,
    bye: null,
    crashed: false,
    gone: { from: startMs + 600_000, to: null, ending: false },
  });
});

test('the boot marker keeps the start of a mains outage and the end of the battery for the next boot', async () => {
  const memory = disk();
  const first = marker(memory, 'boot-1');
  first.alive(mains(true));
  expect(first.gone()).toBeUndefined();
  await first.clock.pass(5_000);
  first.alive(mains(false));
  const from = startMs + 5_000;
  await first.clock.pass(2_400_000);
  first.alive(mains(null));
  expect(first.gone()).toEqual({ from, to: null, ending: false });
  first.alive(mains(false, true));
  expect(marker(memory, 'boot-2').previous()?.gone).toEqual({ from, to: null, ending: true });
});

test('the boot marker stores a regular end of the boot, such as for an update, at once, and deletes it when the system cancels it', async () => {
  const memory = disk();
  const first = marker(memory, 'boot-1');
  first.alive(mains(null));
  await first.clock.pass(10_000);
  first.system.begun = 'update';
  first.alive(mains(null));
  expect(marker(memory, 'boot-2').previous()).toMatchObject({ boot: 'boot-1', begun: 'update', aliveAt: startMs + 10_000 });
  const third = marker(memory, 'boot-3');
  third.system.begun = 'update';
  third.alive(mains(null));
  third.system.begun = null;
  third.alive(mains(null));
  expect(marker(memory, 'boot-4').previous()).not.toHaveProperty('begun');
});

test('the report on the previous boot survives agent restarts until the server acknowledges it; a restart itself causes no report', () => {
  const memory = disk();
  marker(memory, 'boot-1').bye('stopped');
  expect(marker(memory, 'boot-1').previous()).toBeUndefined();
  const second = marker(memory, 'boot-2');
  second.bye('stopped');
  const again = marker(memory, 'boot-2');
  expect(again.previous()).toMatchObject({ boot: 'boot-1', bye: null });
  again.told();
  expect(again.previous()).toBeUndefined();
  expect(marker(memory, 'boot-2').previous()).toBeUndefined();
});

test.each(['', '{', '{"boot":"x"}', '{"boot":"not a token!","aliveAt":1,"mains":null,"bye":null,"previous":null}'])(
  'the boot marker ignores a stored text that the schema rejects: %s',
  (text) => {
    const memory = disk();
    memory.words.set('alive', text);
    expect(marker(memory, 'boot-2').previous()).toBeUndefined();
  },
);
