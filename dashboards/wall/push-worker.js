/** Runs in the browser while no page of the wall is open: shows what the centre pushes, says that it did, and answers by the buttons. */

/** @typedef {{ id: string, title: string, body: string, lang: string, link: string, tag: string, at: number, renotify: boolean, actions: { action: string, title: string }[] }} Shown */
/** What is shown, as a notification keeps it. @typedef {Notification & { title: string, body: string, lang: string, tag: string, data: { link: string } }} Held */
/**
 * What a worker has and a page has not.
 * @typedef {Event & { waitUntil(work: Promise<unknown>): void, data: { json(): Shown } | null, action: string, notification: Held }} WorkerEvent
 * @typedef {{ registration: ServiceWorkerRegistration, clients: { openWindow(url: string): Promise<unknown> }, addEventListener(type: string, listener: (event: WorkerEvent) => void): void }} Worker
 */

const worker = /** @type {Worker} */ (/** @type {unknown} */ (globalThis));
const icon = '/icon.svg';

/** What comes later than this rings nobody: it was told elsewhere meanwhile. */
const newsMs = 5 * 60_000;
/** A phone that just woke has no network yet. */
const againAfterMs = [2_000, 5_000, 15_000];
/** A browser opens a page only in the first seconds after a press. */
const answerLimitMs = 4_000;
/** @type {Readonly<Record<string, string>>} */
const notSent = {
  en: 'Not sent. Tap to open the alert.',
  hi: 'जवाब नहीं गया। अलर्ट खोलने के लिए टैप करें।',
  mr: 'उत्तर गेले नाही. अलर्ट उघडण्यासाठी टॅप करा.',
};

worker.addEventListener('push', (event) => {
  const shown = event.data?.json();
  if (shown !== undefined) event.waitUntil(show(shown));
});

worker.addEventListener('notificationclick', (event) => event.waitUntil(answer(event.notification, event.action)));

/**
 * First it is shown, then that is said: until then the centre holds it to be undelivered.
 * @param {Shown} shown
 */
async function show({ id, title, body, lang, link, tag, at, renotify, actions }) {
  const isNews = renotify && Date.now() - at < newsMs;
  await worker.registration.showNotification(
    title,
    // What TypeScript does not know of a notification stands in it too.
    /** @type {NotificationOptions} */ ({ body, lang, tag, timestamp: at, renotify: isNews, actions, data: { link }, icon }),
  );
  for (const waitMs of [0, ...againAfterMs]) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (await posted(`/hook/push/${id}`)) return;
  }
}

/**
 * By a button the answer is given without a page, and only then the notification goes. Where it does not come through, or somebody else has it
 * meanwhile, and without a button, the page opens; where the browser lets none, the notification says that nothing was sent.
 * @param {Held} notification
 * @param {string} word
 */
async function answer(notification, word) {
  const { title, lang, tag, data } = notification;
  // As far as the person saw, nobody had it.
  const isTaken = word !== '' && (await posted(data.link, new URLSearchParams({ word, holder: '' })));
  try {
    if (!isTaken) await worker.clients.openWindow(data.link);
    notification.close();
  } catch {
    // In the place of the one that was pressed: what is closed just before may take away what is shown just after.
    const body = notSent[lang] ?? notSent['en'] ?? '';
    await worker.registration.showNotification(title, { body, lang, tag, data, icon });
  }
}

/**
 * @param {string} url
 * @param {URLSearchParams} [body]
 */
async function posted(url, body) {
  try {
    return (await fetch(url, { method: 'POST', ...(body && { body }), signal: AbortSignal.timeout(answerLimitMs) })).ok;
  } catch {
    return false;
  }
}
