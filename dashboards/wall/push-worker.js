/** Runs in the browser while no page of the wall is open: shows what the centre pushes, says that it did, and answers by the buttons. */

/** @typedef {{ id: string, title: string, lang: string, link: string, tag: string, renotify: boolean, actions: { action: string, title: string }[] }} Shown */
/**
 * What a worker has and a page has not.
 * @typedef {Event & { waitUntil(work: Promise<unknown>): void, data: { json(): Shown } | null, action: string, notification: Notification & { data: { link: string } } }} WorkerEvent
 * @typedef {{ registration: ServiceWorkerRegistration, clients: { openWindow(url: string): Promise<unknown> }, addEventListener(type: string, listener: (event: WorkerEvent) => void): void }} Worker
 */

const worker = /** @type {Worker} */ (/** @type {unknown} */ (globalThis));

worker.addEventListener('push', (event) => {
  const shown = event.data?.json();
  if (shown !== undefined) event.waitUntil(show(shown));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(answer(event.notification.data.link, event.action));
});

/**
 * First it is shown, then that is said: until then the centre holds it to be undelivered.
 * @param {Shown} shown
 */
async function show({ id, title, lang, link, tag, renotify, actions }) {
  const options = { lang, tag, renotify, actions, data: { link }, icon: '/icon.svg' };
  await worker.registration.showNotification(title, options);
  await fetch(`/hook/push/${id}`, { method: 'POST' });
}

/**
 * By a button the answer is given without a page; where that does not come through, somebody else has it meanwhile, and without a button, the page opens.
 * @param {string} link
 * @param {string} word
 */
async function answer(link, word) {
  if (word === '' || !(await isTaken(link, word))) await worker.clients.openWindow(link);
}

/**
 * @param {string} link
 * @param {string} word
 */
async function isTaken(link, word) {
  try {
    // As far as the person saw, nobody had it.
    return (await fetch(link, { method: 'POST', body: new URLSearchParams({ word, holder: '' }) })).ok;
  } catch {
    return false;
  }
}
