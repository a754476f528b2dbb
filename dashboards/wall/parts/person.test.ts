import { h, render } from 'preact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { usePerson } from './person.js';

let me: object;
let asked: string[];

beforeEach(() => {
  asked = [];
  vi.stubGlobal('localStorage', { getItem: (key: string) => (key === 'sabha.name' ? 'Asha' : null), setItem: () => undefined });
  vi.stubGlobal('document', {});
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path);
    return Response.json(me);
  });
});
afterEach(() => vi.unstubAllGlobals());

/** Renders a component that draws nothing, so the test needs no browser. */
function onPage() {
  const seen: { names: readonly string[]; role: string }[] = [];
  const place = { nodeType: 1, childNodes: [], firstChild: null } as unknown as Element;
  const Page = ({ connected }: { connected: boolean }) => {
    const { names, role } = usePerson('en', connected);
    seen.push({ names, role });
    return null;
  };
  return { last: () => seen.at(-1), link: (connected: boolean) => render(h(Page, { connected }), place) };
}

test.each([
  ['an account', { name: 'asha', scope: 'ladakh' }, ['asha', 'Asha Rao'], ['/api/me']],
  ['a reader who gave a name', { name: null, scope: '' }, ['Asha', 'Asha Rao'], ['/api/me', '/api/me?by=Asha']],
])('%s that joins the roster later is requested again after a reconnect', async (_, account, names, asks) => {
  me = { ...account, role: 'reader', names: [] };
  const page = onPage();
  page.link(false);
  page.link(true);
  await expect.poll(() => [asked, page.last()]).toEqual([asks, { names: names.slice(0, 1), role: 'reader' }]);
  me = { ...account, role: 'central', names: ['Asha Rao'] };
  page.link(true);
  // The first connection is no reconnect: a loaded page requests once.
  expect(asked).toEqual(asks);
  page.link(false);
  page.link(true);
  await expect.poll(() => page.last()).toEqual({ names, role: 'central' });
});
