import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleWall, loadWall } from '../../flows/api/bytes/wall.ts';
import { openTestApi } from '../../flows/api/routes.test-helper.ts';
import { emptyAccounts, microphoneGone, type ScriptedView, scriptedView, wellSite } from '../../flows/api/scripted-view.test-helper.ts';
import type { Api, ApiOptions } from '../../flows/api/server.ts';
import type { OpenId } from '../../flows/pki/accounts/openid.ts';
import { selfSigned } from '../certificate.ts';
import { axeFaults } from '../pictures/axe.ts';
import { openBrowser } from '../pictures/browser.ts';
import { wallRuns } from './wall-stage.ts';

const own = 'correct horse battery';
const tls = selfSigned(['localhost']);

describe.runIf(wallRuns)('signing in to the wall', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let troubles: string[];
  let view: ScriptedView;
  let accounts: ReturnType<typeof emptyAccounts>;
  let api: Api;

  let wall: Awaited<ReturnType<typeof bundleWall>>;
  beforeAll(async () => {
    wall = await bundleWall(await loadWall('dashboards/wall', 'node_modules'));
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    view = scriptedView();
    view.state.sites.push(wellSite({ site: 'goa/panaji', state: 'goa', name: { en: 'Panaji office', hi: 'पणजी दफ़्तर' } }));
    view.state.states.push({ state: 'goa', name: { en: 'Goa', hi: 'गोवा' } });
    view.state.incidents = [microphoneGone(Date.now()), microphoneGone(Date.now(), { id: 8, scope: 'goa/panaji/vc-1' })];
    accounts = emptyAccounts();
    api = await openTestApi(options());
    await look({});
  });
  afterEach(async () => {
    await context.close();
    await api.close();
  });

  function options(openid?: OpenId): Partial<ApiOptions> {
    const https = { host: '127.0.0.1', port: 0, names: ['localhost'], tls, openid };
    const log = { warn: () => {}, error: (...words: unknown[]) => void troubles.push(JSON.stringify(words)) };
    return { https, accounts, view, bundle: async () => wall, log };
  }

  async function look(options: Parameters<Browser['newContext']>[0]): Promise<void> {
    await context?.close();
    context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
    page = await context.newPage();
    // A limit, not a wait: hashing a password takes long on a busy machine.
    page.setDefaultTimeout(20_000);
    troubles = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    // The test expects a refused sign-in, but the browser writes it to the console as an error.
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !/status of 4\d\d|ERR_/.test(message.text())) troubles.push(message.text());
    });
  }

  const at = (path: string) => `https://localhost:${api.httpsPort}${path}`;
  const enter = async (name: string, password: string) => {
    await page.getByLabel('Account').fill(name);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  async function made(name: string, role: 'reader' | 'state' | 'central', scope = ''): Promise<string> {
    const result = await accounts.add({ name, role, scope }, 'anil');
    return result.ok ? result.secret : '';
  }
  async function ready(name: string, role: 'reader' | 'state' | 'central', scope = ''): Promise<void> {
    await accounts.setOwnPassword({ name, address: 'test' }, await made(name, role, scope), own);
  }

  test('from a link to an incident, with the first password, asks for a new password and returns to that incident', async () => {
    const secret = await made('asha', 'state', 'ladakh');
    await page.goto(at('/#/incident/7'));
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await enter('asha', 'not this');
    await page.getByText('Account or password is wrong.').waitFor();
    await enter('Asha', secret);
    await page.getByRole('heading', { name: 'Choose a password' }).waitFor();
    await page.getByLabel('New password').fill(own);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(at('/#/incident/7'));
    await page.getByText('You: asha').waitFor();
    await page.getByRole('button', { name: 'I am on it' }).click();
    await page.getByText(/asha is on it/).waitFor();
    expect(await page.locator('dialog').count()).toBe(0);
    expect(view.incident(7)?.acknowledged?.by).toBe('asha');
    expect(troubles).toEqual([]);
  });

  test('shows a state user only that state and its roll call, and a reader no button that a reader may not press', async () => {
    await ready('asha', 'state', 'ladakh');
    await ready('ravi', 'reader');
    await page.goto(at('/'));
    await enter('asha', own);
    await page.locator('article[data-pc="ladakh/leh/vc-1"]').waitFor();
    expect(await page.locator('body').textContent()).not.toMatch(/Goa|Panaji/);
    await page.getByRole('link', { name: 'Call the roll' }).click();
    await expect.poll(() => page.getByLabel('PCs to call').locator('option').allTextContents()).toEqual(['Ladakh']);
    await page.getByLabel('Site').selectOption('ladakh');
    await page.getByRole('button', { name: 'Call the roll' }).click();
    await expect.poll(() => new URL(page.url()).hash).toBe('#/rollcall/call-1');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await enter('ravi', own);
    await page.getByText('You: ravi').waitFor();
    await page.goto(at('/#/incident/8'));
    await page.locator('[data-incident="8"]').waitFor();
    expect(await page.getByRole('button', { name: /on it|Snooze for|Assign|Add note/ }).count()).toBe(0);
    await page.getByRole('link', { name: 'Roll call' }).click();
    await page.getByText('No roll call yet.').waitFor();
    expect(await page.getByRole('button', { name: 'Call the roll' }).count()).toBe(0);
    expect(troubles).toEqual([]);
  });

  test('is required when a session ends, and leads back to the same view', async () => {
    await ready('meera', 'central');
    await page.goto(at('/'));
    await enter('meera', own);
    await page.waitForURL(at('/#/'));
    await page.goto(at('/#/site/ladakh/leh'));
    await page.getByText('You: meera').waitFor();
    const renewed = await accounts.renew('meera', 'anil');
    view.change({ sites: [wellSite({ open: 1 })] });
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(page.url()).toBe(at('/login.html#/site/ladakh/leh'));
    await page.reload();
    await enter('meera', renewed.ok ? renewed.secret : '');
    await page.getByLabel('New password').fill(`${own} 2`);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('article[data-pc="ladakh/leh/vc-1"]').waitFor();
    await page.getByRole('link', { name: 'You: meera' }).click();
    await page.getByLabel('Current password').fill(`${own} 2`);
    await page.getByLabel('New password').fill(`${own} 3`);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    expect(troubles).toEqual([]);
  });

  test('is not required again for a link from another site', async () => {
    await ready('meera', 'central');
    await page.goto(at('/'));
    await enter('meera', own);
    await page.waitForURL(at('/#/'));
    const body = `<a href="${at('/#/incident/7')}">alert</a>`;
    await page.route('https://mail.test/', (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.goto('https://mail.test/');
    await page.getByRole('link', { name: 'alert' }).click();
    await page.waitForURL(at('/#/incident/7'));
    await page.getByText('You: meera').waitFor();
  });

  test('leads to the OpenID provider if there is one, and reports a refused person or a provider that does not respond', async () => {
    const asked = page.waitForResponse(at('/api/login'));
    await page.goto(at('/'));
    await (await asked).finished();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.locator('a[href="/api/openid"]').count()).toBe(0);
    await api.close();
    const vouched = { ok: true, account: { name: 'asha', role: 'state', scope: 'ladakh', openid: 'u-1' } } as const;
    let isAway = true;
    const openid: OpenId = {
      host: 'directory.test',
      begin: async (back) => {
        if (isAway) throw new Error('no answer');
        return { cookie: 's'.repeat(43), url: `https://directory.test/?back=${encodeURIComponent(back)}` };
      },
      finish: async ({ searchParams }) => (searchParams.has('no') ? { ok: false, line: 'no' } : vouched),
    };
    api = await openTestApi(options(openid));
    await page.route('https://directory.test/**', (route) => {
      const back = new URL(route.request().url()).searchParams.get('back') ?? '';
      return route.fulfill({ contentType: 'text/html', body: `<a href="${back}?no">no</a> <a href="${back}">yes</a>` });
    });
    await page.goto(at('/'));
    await page.getByRole('link', { name: 'Sign in with your office account' }).click();
    await page.getByText('directory.test does not respond.').waitFor();
    isAway = false;
    for (const answer of ['no', 'yes']) {
      await page.getByRole('link', { name: 'Sign in with your office account' }).click();
      await page.getByRole('link', { name: answer }).click();
      if (answer === 'no') await page.getByText('You could not sign in with your office account.').waitFor();
    }
    await page.getByText('You: asha').waitFor();
    expect(troubles).toEqual([]);
  });

  test('says how long to wait after too many wrong passwords', async () => {
    await page.goto(at('/'));
    for (let nth = 0; nth < 5; nth += 1) await accounts.login({ name: 'asha', address: '127.0.0.1' }, 'guess');
    await enter('asha', 'guess');
    await page.getByText(/^Too many wrong passwords. Try again in \d+ s.$/).waitFor();
  });

  test('is skipped on loopback without HTTPS, and the wall says that every user may act', async () => {
    await api.close();
    api = await openTestApi({ ...options(), https: undefined });
    await page.goto(`http://127.0.0.1:${api.port}/login.html`);
    await page.waitForURL(`http://127.0.0.1:${api.port}/#/`);
    await page.getByRole('button', { name: 'Your name' }).waitFor();
    await page.getByText('No sign-in: every user of this computer can act here.').waitFor();
  });

  test.each([
    ['dark', 1280],
    ['light', 1280],
    ['dark', 320],
    ['light', 375],
  ] as const)(
    'has no serious accessibility fault (axe) in the %s scheme, %i wide, in English and Hindi, and does not scroll sideways',
    async (colorScheme, width) => {
      await made('asha', 'reader');
      for (const locale of ['en-GB', 'hi-IN']) {
        const renewed = await accounts.renew('asha', 'anil');
        const secret = renewed.ok ? renewed.secret : '';
        await look({ locale, colorScheme, viewport: { width, height: 700 }, reducedMotion: 'reduce', bypassCSP: true });
        await page.goto(at('/'));
        await page.locator('form h2').waitFor();
        const aside = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        const found = async () => [...(await axeFaults(page)), await aside()];
        expect([locale, 'login', await found()]).toEqual([locale, 'login', [0]]);
        await page.locator('input[name=name]').fill('asha');
        await page.locator('input[name=password]').fill(secret);
        await page.locator('form button').click();
        await page.locator('input[autocomplete=new-password]').waitFor();
        expect([locale, 'choose', await found()]).toEqual([locale, 'choose', [0]]);
        await page.locator('input[autocomplete=new-password]').fill(own);
        await page.locator('form button').click();
        await page.locator('main h2').first().waitFor();
        await page.locator('.switches a[href*=password]').waitFor();
        expect([locale, 'wall', await found()]).toEqual([locale, 'wall', [0]]);
      }
    },
  );
});
