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

/** A person on a page of its own, which draws nothing and so needs no browser. */
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
])(
  '%s that came into the roster later was not known before a reload: it is asked for again when the link is back',
  async (_, account, names, asks) => {
    me = { ...account, role: 'reader', names: [] };
    const page = onPage();
    page.link(false);
    page.link(true);
    await expect.poll(() => [asked, page.last()]).toEqual([asks, { names: names.slice(0, 1), role: 'reader' }]);
    me = { ...account, role: 'central', names: ['Asha Rao'] };
    page.link(true);
    // The first word of the centre was no return: a page that loads asks once.
    expect(asked).toEqual(asks);
    page.link(false);
    page.link(true);
    await expect.poll(() => page.last()).toEqual({ names, role: 'central' });
  },
);
