/** Helpers for a refused start: all of Sabha prints one line and ends. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, type TestContext } from 'vitest';
import { createSite, type SettingsFile, type Site, startCentre } from './centre-under-test.ts';
import { noneLeft } from './processes.ts';

export async function siteUntil(atEnd: TestContext['onTestFinished'], settings?: SettingsFile | string): Promise<Site> {
  const site = await createSite(settings);
  atEnd(() => site.remove());
  return site;
}

/** Expects one fatal line of one part, and no process afterwards. */
export async function refused(site: Site, line: string | RegExp): Promise<void> {
  const centre = startCentre(site);
  expect((await centre.ended).code).toBe(1);
  const fatal = centre.lines.filter(({ level = 0 }) => level >= 50).map(({ msg }) => msg);
  expect(fatal).toEqual([typeof line === 'string' ? expect.stringContaining(line) : expect.stringMatching(line)]);
  await noneLeft(site.folder, 30_000);
}

/** Starts another web server on a port of the site; resolves with the list of its requests. */
export async function takePort(site: Site, name: keyof Site['ports'], atEnd: TestContext['onTestFinished']): Promise<unknown[]> {
  const asked: unknown[] = [];
  const other = createServer(({ url }, response) => {
    asked.push(url);
    response.writeHead(404, { 'content-type': 'text/html' }).end('<!DOCTYPE html><h1>Not found</h1>');
  }).listen(site.ports[name], '127.0.0.1');
  await once(other, 'listening');
  atEnd(() => void other.close());
  return asked;
}
