import { expect, test } from 'vitest';
import { createLastGasp } from './last-gasp.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const ending = { onMains: false, isEnding: true, runtimeMs: 90_000 };
const away = { onMains: false, isEnding: false, runtimeMs: 900_000 };
const there = { onMains: true, isEnding: false, runtimeMs: null };
const nobodyKnows = { onMains: null, isEnding: false, runtimeMs: null };

function setUp() {
  const line = { isUp: true };
  const said: (number | null)[] = [];
  const gasp = createLastGasp({
    say: async (runtimeMs) => {
      said.push(runtimeMs);
      return line.isUp;
    },
  });
  return { line, said, gasp };
}

test('the PC sends one last gasp per mains outage, when its battery or UPS is about to end', async () => {
  const { said, gasp } = setUp();
  for (const power of [there, away, ending, { ...ending, runtimeMs: 60_000 }, away, nobodyKnows, ending]) {
    gasp(power);
    await settled();
  }
  expect(said).toEqual([90_000]);
  gasp(there);
  gasp({ ...ending, runtimeMs: null });
  await settled();
  expect(said).toEqual([90_000, null]);
});
