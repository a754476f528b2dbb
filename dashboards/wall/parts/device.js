/** The button by which whoever is logged in is told on this device: only where the centre pushes, the browser can, and the roster knows them. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { useFetched } from '../live/data.js';
import { say } from '../words/words.js';
import { useActing } from './person.js';

/** @import { Language } from '@sabha/contracts' */
/** @import { Act } from './person.js' */
/** @typedef {{ key: string | null, person: string | null, here: boolean }} DeviceView */
/** What a browser holds: its endpoint, and the key of the centre for which it was made, where it says so. @typedef {{ endpoint: string, key: string | null }} Held */
/** What TypeScript does not know yet of a page. @typedef {{ trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(): string }): { createScriptURL(text: string): string } } }} TrustedPage */

const workerPath = '/push-worker.js';
const canPush = 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;
/** On an iPhone only a page of the home screen can; only Safari there says whether a page is one. */
const couldPush = !canPush && 'standalone' in navigator && navigator.standalone === false;

/** @param {{ lang: Language, you: string, act: Act }} props */
export function TellHere({ lang, you, act }) {
  const [held, setHeld] = useState(/** @type {Held | null} */ (null));
  const [turns, setTurns] = useState(0);
  useEffect(() => {
    if (canPush) void subscribed().then((found) => setHeld(heldOf(found)));
    if (couldPush) setHeld(heldOf(null));
  }, [turns]);
  const asked = held === null || you === '' ? null : `/api/devices?${new URLSearchParams({ by: you, endpoint: held.endpoint })}`;
  /** @type {DeviceView | 'missing' | null} */
  const view = useFetched(asked, [turns]);
  const acting = useActing(act);
  if (view === null || view === 'missing' || view.key === null || view.person === null) return null;
  if (couldPush) return html`<small class="dim">${say(lang, 'tellHere.homeScreen')}</small>`;
  const { key } = view;
  const here = view.here && (held?.key ?? key) === key;
  const press = async () => {
    await acting.doing(() => (here ? leave(act) : join(lang, act, key)));
    setTurns((n) => n + 1);
  };
  const why = acting.error;
  return html`<button aria-disabled=${acting.waits} onClick=${press}>${say(lang, here ? 'tellHere.stop' : 'tellHere')}</button>
    ${why === '' ? null : html`<span class="error" role="alert">${say(lang, 'notSaved', { why })}</span>`}`;
}

/** @param {PushSubscription | null} found @returns {Held} */
function heldOf(found) {
  const bytes = found?.options?.applicationServerKey;
  const key = bytes ? base64url(new Uint8Array(bytes)) : null;
  return { endpoint: found?.endpoint ?? '', key };
}

/** `toBase64` is not there in the browsers of older phones. @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** What this browser is told by already; null where nothing is, or where it forbids to ask. */
async function subscribed() {
  try {
    const registration = await navigator.serviceWorker.getRegistration('/');
    return (await registration?.pushManager.getSubscription()) ?? null;
  } catch {
    return null;
  }
}

/**
 * A subscription that was made for another key of the centre is none.
 * @param {Language} lang
 * @param {Act} act
 * @param {string} key
 */
async function join(lang, act, key) {
  try {
    // At once: a browser asks only for what somebody just pressed.
    if ((await Notification.requestPermission()) !== 'granted') return { error: say(lang, 'tellHere.denied'), answer: null };
    await navigator.serviceWorker.register(workerUrl());
    const registration = await navigator.serviceWorker.ready;
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = made.toJSON();
    return await act('/api/devices', { endpoint: endpoint ?? '', p256dh: keys?.['p256dh'] ?? '', auth: keys?.['auth'] ?? '' });
  } catch {
    return { error: say(lang, 'tellHere.cannot'), answer: null };
  }
}

/**
 * The centre first: where it does not hear it, the browser goes on as it did.
 * @param {Act} act
 */
async function leave(act) {
  const found = await subscribed();
  const done = await act('/api/devices/remove', { endpoint: found?.endpoint ?? '' });
  // One that stays, since the browser could not reach its push service, is one that nobody uses.
  if (done?.error === '') await found?.unsubscribe().catch(() => false);
  return done;
}

/** The policy of the page lets a script be named only so, and only this one. */
function workerUrl() {
  const { trustedTypes } = /** @type {TrustedPage} */ (globalThis);
  policy ??= trustedTypes?.createPolicy('worker', { createScriptURL: () => workerPath });
  return policy?.createScriptURL('') ?? workerPath;
}

/** @type {ReturnType<NonNullable<TrustedPage['trustedTypes']>['createPolicy']> | undefined} */
let policy;
