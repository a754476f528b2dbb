/**
 * The button that turns on push notifications on this device. Shown only if the server sends push, the browser supports it and the roster
 * has the person.
 */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { useFetched } from '../live/data.js';
import { say } from '../words/words.js';
import { useAction } from './person.js';

/** @import { Language } from '@sabha/contracts' */
/** @import { Act } from './person.js' */
/** @typedef {{ key: string | null, person: string | null, here: boolean }} DeviceView */
/**
 * Push subscription of the browser: its endpoint, and the server key for which it was made, if the browser exposes it.
 *
 * @typedef {{ endpoint: string, key: string | null }} PushState
 */
/**
 * Types that TypeScript's DOM library lacks.
 * @typedef {{ trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(): string }): { createScriptURL(text: string): string } } }} TrustedPage
 */

const workerPath = '/push-worker.js';
const canPush = 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;
/** On an iPhone only a page added to the home screen can receive push. Only Safari there has `standalone`. */
const needsHomeScreen = !canPush && 'standalone' in navigator && navigator.standalone === false;

/** @param {{ lang: Language, you: string, act: Act }} props */
export function PushButton({ lang, you, act }) {
  const [held, setHeld] = useState(/** @type {PushState | null} */ (null));
  const [turns, setTurns] = useState(0);
  useEffect(() => {
    if (canPush) void currentSubscription().then((found) => setHeld(pushStateOf(found)));
    if (needsHomeScreen) setHeld(pushStateOf(null));
  }, [turns]);
  const asked = held === null || you === '' ? null : `/api/devices?${new URLSearchParams({ by: you, endpoint: held.endpoint })}`;
  /** @type {DeviceView | 'missing' | null} */
  const view = useFetched(asked, [turns]);
  const acting = useAction(act);
  if (view === null || view === 'missing' || view.key === null || view.person === null) return null;
  if (needsHomeScreen) return html`<small class="dim">${say(lang, 'tellHere.homeScreen')}</small>`;
  const { key } = view;
  const here = view.here && (held?.key ?? key) === key;
  const press = async () => {
    await acting.doing(() => (here ? unsubscribeDevice(act) : subscribeDevice(lang, act, key)));
    setTurns((n) => n + 1);
  };
  const why = acting.error;
  return html`<button aria-disabled=${acting.waits} onClick=${press}>${say(lang, here ? 'tellHere.stop' : 'tellHere')}</button>
    ${why === '' ? null : html`<span class="error" role="alert">${say(lang, 'notSaved', { why })}</span>`}`;
}

/** @param {PushSubscription | null} found @returns {PushState} */
function pushStateOf(found) {
  const bytes = found?.options?.applicationServerKey;
  const key = bytes ? base64url(new Uint8Array(bytes)) : null;
  return { endpoint: found?.endpoint ?? '', key };
}

/** `toBase64` is missing in browsers of older phones. @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** Returns the current push subscription; null without one, or if the browser forbids the access. */
async function currentSubscription() {
  try {
    const registration = await navigator.serviceWorker.getRegistration('/');
    return (await registration?.pushManager.getSubscription()) ?? null;
  } catch {
    return null;
  }
}

/**
 * Subscribes. A subscription for another server key is replaced.
 * @param {Language} lang
 * @param {Act} act
 * @param {string} key
 */
async function subscribeDevice(lang, act, key) {
  try {
    // At once: a browser shows the permission prompt only directly after a click.
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
 * Removes the subscription at the server first. If that fails, the browser stays subscribed.
 * @param {Act} act
 */
async function unsubscribeDevice(act) {
  const found = await currentSubscription();
  const done = await act('/api/devices/remove', { endpoint: found?.endpoint ?? '' });
  // A failed unsubscribe does no harm: the server no longer uses the endpoint.
  if (done?.error === '') await found?.unsubscribe().catch(() => false);
  return done;
}

/** The Trusted Types policy of the page allows only this script URL. */
function workerUrl() {
  const { trustedTypes } = /** @type {TrustedPage} */ (globalThis);
  policy ??= trustedTypes?.createPolicy('worker', { createScriptURL: () => workerPath });
  return policy?.createScriptURL('') ?? workerPath;
}

/** @type {ReturnType<NonNullable<TrustedPage['trustedTypes']>['createPolicy']> | undefined} */
let policy;
