/**
 * Service worker for push messages while the wall is closed: shows them, reports that to the server, and sends the answers of the buttons.
 */

/** @typedef {{ id: string, title: string, body: string, lang: string, link: string, tag: string, at: number, renotify: boolean, actions: { action: string, title: string }[] }} Shown */
/**
 * A notification with the fields that we set.
 * @typedef {Notification & { title: string, body: string, lang: string, tag: string, data: { link: string } }} Held
 */
/**
 * Types of a service worker that TypeScript's DOM library lacks.
 *
 * @typedef {Event & { waitUntil(work: Promise<unknown>): void, data: { json(): Shown } | null, action: string, notification: Held }} WorkerEvent
 * @typedef {{ registration: ServiceWorkerRegistration, clients: { openWindow(url: string): Promise<unknown> }, addEventListener(type: string, listener: (event: WorkerEvent) => void): void }} Worker
 */

const worker = /** @type {Worker} */ (/** @type {unknown} */ (globalThis));
const icon = '/icon.svg';

/** An older notification makes no sound: another channel has notified meanwhile. */
const alertMaxAgeMs = 5 * 60_000;
/** Delays of the retries: a phone that just woke has no network yet. */
const retryDelaysMs = [2_000, 5_000, 15_000];
/** Timeout of a request. A browser opens a page only within the first seconds after a press. */
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
 * Shows the notification and then reports it. Until the report the server treats it as undelivered.
 * @param {Shown} shown
 */
async function show({ id, title, body, lang, link, tag, at, renotify, actions }) {
  const isNews = renotify && Date.now() - at < alertMaxAgeMs;
  await worker.registration.showNotification(
    title,
    /** @type {NotificationOptions} */ ({ body, lang, tag, timestamp: at, renotify: isNews, actions, data: { link }, icon }),
  );
  for (const waitMs of [0, ...retryDelaysMs]) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (await posted(`/hook/push/${id}`)) return;
  }
}

/**
 * Sends the answer of a button without opening a page, then closes the notification. The page opens if the sending fails, somebody else has
 * the incident, or no button was pressed. If the browser blocks the page, the notification says that nothing was sent.
 *
 * @param {Held} notification
 * @param {string} word
 */
async function answer(notification, word) {
  const { title, lang, tag, data } = notification;
  // Empty: the person saw the incident without an owner.
  const isTaken = word !== '' && (await posted(data.link, new URLSearchParams({ word, holder: '' })));
  try {
    if (!isTaken) await worker.clients.openWindow(data.link);
    notification.close();
  } catch {
    // Same tag, so that it replaces the pressed one: closing the old one first could remove the new one.
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
