/**
 * Tests push notifications in a real browser: the button of the wall, the service worker and the channel. The push service is ours, and the
 * test hands its messages to the browser.
 */
import { realClock } from '@sabha/contracts';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleWall } from '../../flows/api/bytes/wall.ts';
import { openTestApi } from '../../flows/api/routes.test-helper.ts';
import { scriptedView, wellSite } from '../../flows/api/scripted-view.test-helper.ts';
import type { Api } from '../../flows/api/server.ts';
import type { Channel, DeliveryReport } from '../../flows/engine/records/notices.ts';
import { addForms, addHooks } from '../../flows/notify/alert-replies/routes.ts';
import { createDeviceBook } from '../../flows/notify/orders/devices.ts';
import { message } from '../../flows/notify/people/channels/conformance.test-helper.ts';
import { newEncryptionInput, pushKeyOf } from '../../flows/notify/people/channels/kit/web-push.ts';
import { createPush } from '../../flows/notify/people/channels/push.ts';
import { pushService } from '../../flows/notify/people/channels/push-service.test-helper.ts';
import { technician } from '../../flows/notify/people/people.test-helper.ts';
import { openBrowser } from '../pictures/browser.ts';
import { wallRuns } from './wall-stage.ts';

const secret = newEncryptionInput().secret;
const service = 'https://fcm.googleapis.com/fcm/send/here';

describe.runIf(wallRuns)('push notifications', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let api: Api;
  let behind: Awaited<ReturnType<typeof pushService>>;
  let devices: ReturnType<typeof createDeviceBook>;
  let channel: Channel;
  let reported: DeliveryReport[];
  let said: unknown[];
  /** HTTP status that the server returns when a button of the notification is pressed. */
  let answered: number;
  let troubles: string[];

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    [reported, said, troubles] = [[], [], []];
    answered = 204;
    behind = await pushService();
    const phone = behind.device('phone', pushKeyOf(secret).public);
    const persons = () => [technician];
    devices = createDeviceBook({
      key: pushKeyOf(secret),
      services: ['fcm.googleapis.com'],
      persons,
      record: async () => true,
      now: Date.now,
    });
    const reports = { take: async (report: DeliveryReport) => void reported.push(report), about: () => undefined };
    const own = { secret, of: () => [phone], gone: () => {} };
    channel = createPush({ contact: 'mailto:it@office.test', devices: own, reports, now: Date.now, fetch, clock: realClock() });
    api = await openTestApi({
      view: viewOfLeh(),
      devices,
      bundle: bundleWall,
      addAnswers(app) {
        addHooks(app, { channels: new Map([['push', { channel, reaches: () => true }]]), clock: realClock() });
        addForms(app, (scope) => {
          scope.post('/t', { config: { open: true, form: true } }, (request, reply) => {
            said.push(request.body);
            return reply.code(answered).send();
          });
        });
      },
      log: { warn() {}, error: (...words: unknown[]) => void troubles.push(JSON.stringify(words)) },
    });
    context = await browser.newContext({ locale: 'en-GB' });
    await context.grantPermissions(['notifications'], { origin: at('') });
    await context.addInitScript(subscribesWithout, { service, ...phone, name: 'asha', key: pushKeyOf(secret).public });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => troubles.push(error.message));
    // The test server has only some of the routes, so a 404 is expected.
    const isTrouble = (text: string) => !text.includes('404');
    page.on('console', (line) => void (['error', 'warning'].includes(line.type()) && isTrouble(line.text()) && troubles.push(line.text())));
    await page.goto(at('/'));
  });
  afterEach(async () => {
    await context.close();
    await api.close();
    await behind.close();
  });

  const at = (path: string) => `http://127.0.0.1:${api.port}${path}`;
  const button = (name: 'Notify me on this device' | 'Stop notifications on this device') => page.getByRole('button', { name });

  /** Presses the button. Returns the registration of the service worker, by which a push reaches it. */
  async function joined(): Promise<{ cdp: CDPSession; registrationId: string }> {
    const cdp = await context.newCDPSession(page);
    const registered = new Promise<string>((resolve) => {
      cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [one] }) => one && resolve(one.registrationId));
    });
    await cdp.send('ServiceWorker.enable');
    await button('Notify me on this device').click();
    await button('Stop notifications on this device').waitFor();
    return { cdp, registrationId: await registered };
  }

  test('one press of the button subscribes this person and device, and another press unsubscribes them', async () => {
    await joined();
    expect(devices.of('asha').map(({ endpoint }) => endpoint)).toEqual([service]);
    await page.reload();
    await button('Stop notifications on this device').click();
    await button('Notify me on this device').waitFor();
    expect(devices.of('asha')).toEqual([]);
    expect(troubles).toEqual([]);
  });

  test('the button appears again when the server has a new push key', async () => {
    await joined();
    await page.evaluate(() => localStorage.setItem('subscribed', 'AAAA'));
    await page.reload();
    await button('Notify me on this device').click();
    await button('Stop notifications on this device').waitFor();
    expect(await page.evaluate(() => localStorage.getItem('subscribed'))).toBe(pushKeyOf(secret).public);
    expect(troubles).toEqual([]);
  });

  test('an iPhone shows that the page must be on the home screen first', async () => {
    await context.addInitScript(() => {
      Reflect.deleteProperty(globalThis, 'PushManager');
      Object.assign(Navigator.prototype, { standalone: false });
    });
    await page.reload();
    await page.getByText('To get notifications on this iPhone: Share → Add to Home Screen').waitFor();
    expect(await button('Notify me on this device').count()).toBe(0);
    expect(troubles).toEqual([]);
  });

  const shown = () =>
    page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(({ title, body }) => [title, body]));

  /** Shows a notification of the server on this device. */
  async function told() {
    const { cdp, registrationId } = await joined();
    const link = at('/t?0123456789abcdef0123456789abcdef.asha.17.abc');
    const outcome = await channel.send(message({ link }), technician, AbortSignal.timeout(5_000));
    expect([outcome.result, reported]).toEqual(['accepted', []]);
    await cdp.send('ServiceWorker.deliverPushMessage', { origin: at('/'), registrationId, data: behind.pushed[0]?.text ?? '' });
    await expect
      .poll(() => reported, { timeout: 20_000 })
      .toEqual([{ channel: 'push', id: 'id' in outcome ? outcome.id : '', outcome: { result: 'delivered' } }]);
    expect(await shown()).toEqual([['Critical: Microphone not found', '']]);
  }

  test('a push is delivered and shown as a notification, and its button sends a request without opening a page', async () => {
    await told();
    await context.serviceWorkers()[0]?.evaluate(pressGoing);
    await expect.poll(() => said, { timeout: 20_000 }).toEqual([{ word: 'going', holder: '' }]);
    await expect.poll(shown, { timeout: 20_000 }).toEqual([]);
    expect(troubles).toEqual([]);
  });

  test('a button that fails changes the notification to say that nothing was sent', async () => {
    await told();
    answered = 503;
    await context.serviceWorkers()[0]?.evaluate(pressGoing);
    await expect.poll(shown, { timeout: 20_000 }).toEqual([['Critical: Microphone not found', 'Not sent. Tap to open the alert.']]);
    expect(said).toEqual([{ word: 'going', holder: '' }]);
  });
});

function viewOfLeh() {
  const view = scriptedView();
  view.state.sites.push(wellSite());
  return view;
}

/** Replaces the push service of the browser, which is not reachable here. Runs in the page. */
function subscribesWithout({
  service: endpoint,
  p256dh,
  auth,
  name,
  key,
}: Record<'service' | 'p256dh' | 'auth' | 'name' | 'key', string>): void {
  localStorage.setItem('sabha.name', name);
  const bytesOf = (text: string) =>
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0)).buffer;
  const made = {
    endpoint,
    get options() {
      return { applicationServerKey: bytesOf(localStorage.getItem('subscribed') ?? '') };
    },
    toJSON: () => ({ endpoint, keys: { p256dh, auth } }),
    unsubscribe: async () => {
      localStorage.removeItem('subscribed');
      return true;
    },
  };
  const held = () => (localStorage.getItem('subscribed') === null ? null : made);
  Object.assign(PushManager.prototype, {
    getSubscription: async () => held(),
    subscribe: async ({ userVisibleOnly, applicationServerKey }: PushSubscriptionOptionsInit) => {
      if (userVisibleOnly !== true || applicationServerKey !== key) throw new DOMException('not for this centre', 'InvalidAccessError');
      localStorage.setItem('subscribed', key);
      return made;
    },
  });
}

/** Presses the first button of the notification. Runs in the service worker. */
async function pressGoing(): Promise<void> {
  const { registration } = globalThis as unknown as { registration: ServiceWorkerRegistration };
  const [notification] = await registration.getNotifications();
  const press = Object.assign(new Event('notificationclick'), { notification, action: 'going', waitUntil: () => {} });
  dispatchEvent(press);
}
