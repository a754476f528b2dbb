import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { download, type FetchFrom } from './download.ts';

const content = Buffer.from(Array.from({ length: 1_000 }, (_, at) => at % 251));
const wanted = { size: content.length, sha256: createHash('sha256').update(content).digest('hex') };

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-download-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { folder, file: join(folder, 'agent.mjs') };
}

/** Serves the requested bytes in pieces of 100. It breaks response number n after `breaks[n]` pieces. */
function server(bytes: Buffer, breaks: number[] = []) {
  const asked: number[] = [];
  const fetchFrom: FetchFrom = async (from) => {
    asked.push(from);
    const limit = breaks.shift() ?? Number.POSITIVE_INFINITY;
    async function* pieces() {
      for (let at = from, sent = 0; at < bytes.length; at += 100, sent += 1) {
        if (sent === limit) throw new Error('the link broke');
        yield bytes.subarray(at, at + 100);
      }
    }
    return { from, pieces: pieces() };
  };
  return { asked, fetchFrom };
}

test('the updater resumes a download after each interruption', async () => {
  const { folder, file } = setUp();
  const { asked, fetchFrom } = server(content, [3, 0, 4]);
  for (const _ of [1, 2, 3]) expect(await download(file, wanted, fetchFrom)).toBe('the link broke');
  expect(existsSync(file)).toBe(false);
  expect(await download(file, wanted, fetchFrom)).toBeNull();
  expect(asked).toEqual([0, 300, 300, 700]);
  expect(readFileSync(file)).toEqual(content);
  expect(readdirSync(folder)).toEqual(['agent.mjs']);
});

test('S10 the updater discards content that differs from the signed hash, and starts again from the first byte', async () => {
  const { file } = setUp();
  const changed = Buffer.from(content);
  changed[999] = 250;
  expect(await download(file, wanted, server(changed).fetchFrom)).toBe('the file does not match its signature');
  const good = server(content);
  expect(await download(file, wanted, good.fetchFrom)).toBeNull();
  expect(good.asked).toEqual([0]);
});

test('S10 the updater stops a download of endless data at the signed size', async () => {
  const { folder, file } = setUp();
  expect(await download(file, wanted, server(Buffer.concat([content, content])).fetchFrom)).toBe(
    'the file is larger than its manifest says',
  );
  expect(existsSync(file)).toBe(false);
  const sizes = readdirSync(folder).map((name) => readFileSync(join(folder, name)).length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(wanted.size);
});
