import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Language } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import type { KeyResult } from './messages.ts';
import { type Repair, repairText, requestRepair, serveRepairKey } from './repair.ts';

const fixed: KeyResult = {
  done: true,
  steps: [
    { did: 'unmuted', name: 'RoomMic' },
    { did: 'chosen', name: 'RoomMic' },
  ],
};
const mend: Repair = { fix: async () => fixed, undo: async () => ({ done: false, reason: 'nothing was changed since the start' }) };

/** Returns the text after a press of the repair or undo key, at a site with this language, on a system in English. */
async function pressed(language: Language | undefined, key: 'fix' | 'undo'): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const address = join(folder, 'key.sock');
  const server = createServer(serveRepairKey(mend, () => language)).listen(address);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return repairText(await requestRepair(address, key), 'en');
}

test('the repair socket returns the result of a key press in the language of the site, or of the system if unknown', async () => {
  expect(await pressed('en', 'fix')).toBe('unmuted: RoomMic\nchosen: RoomMic');
  expect(await pressed('hi', 'fix')).toBe('आवाज़ चालू की: RoomMic\nचुना गया: RoomMic');
  expect(await pressed('hi', 'undo')).toBe('शुरू होने के बाद कुछ नहीं बदला गया');
  expect(await pressed(undefined, 'undo')).toBe('nothing was changed since the start');
});
