/**
 * Keeps the acknowledgement page current and sends its answers. Without this script the page still works, but is as old as its last submit.
 */

/** @typedef {{ what: string, since: string, beside: string[], why: string[], steps: string[], cure: string, status: string, line: string, holder: string, taken: string, labels: Record<string, string>, said: string[], used: string[] }} Live */

const main = document.querySelector('main');
const form = document.querySelector('form');
const field = document.querySelector('input');
const buttons = [...document.querySelectorAll('button')];

/** Time for which taps are ignored after the layout changed or an answer was sent, against double taps. */
const restMs = 1_000;
/** Timeout of a silent stream: the server sends an event every 15 s. */
const silentMs = 40_000;
const sendLimitMs = 30_000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let resting;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let silence;
/** @type {EventSource | undefined} */
let source;
let isSending = false;
let isOld = false;
/** Result of the last press, if the page must show it. */
let sent = '';

/** @param {string} selector @param {string} text */
function setText(selector, text) {
  const element = document.querySelector(selector);
  // An unchanged text is not written, so that a screen reader does not repeat it.
  if (element !== null && element.textContent !== text) element.textContent = text;
}

/** @param {string} selector @param {'li' | 'p'} tag @param {string[]} texts */
function fillList(selector, tag, texts) {
  const made = texts.map((text) => Object.assign(document.createElement(tag), { textContent: text }));
  document.querySelector(selector)?.replaceChildren(...made);
}

/** @param {Live} live */
function show({ what, since, beside, why, steps, cure, status, line, holder, taken, labels, said, used }) {
  if (main === null) return;
  main.dataset['cure'] = cure;
  document.title = `${document.querySelector('.place')?.textContent}: ${what}`;
  setText('h1', what);
  setText('#since', since);
  fillList('#beside', 'p', beside);
  fillList('#why', 'p', why);
  fillList('#steps', 'li', steps);
  form?.toggleAttribute('hidden', cure === 'well' || cure === 'over');
  setText('#status', status);
  setText('#line', line);
  setText('#holder', holder);
  const before = form?.textContent;
  for (const [word, label] of Object.entries(labels)) setText(`button[value=${word}]`, label);
  // A changed label blocks taps: otherwise a tap aimed at "take" could take over.
  if (form?.textContent !== before) blockButtons();
  if (field !== null) field.value = taken;
  for (const button of buttons) button.disabled = used.includes(button.value);
  document.querySelector('h2')?.toggleAttribute('hidden', said.length === 0);
  fillList('#said', 'li', said);
}

/** Scrolls by the layout shift above visible buttons, so that they stay in place. @param {() => void} change */
function keepInPlace(change) {
  const top = () => (form === null || form.hidden ? undefined : form.getBoundingClientRect().top);
  const before = top();
  change();
  const after = top();
  const moved = before === undefined || after === undefined ? 0 : after - before;
  if (moved !== 0 && before !== undefined && before < innerHeight) scrollBy(0, moved);
  if (moved !== 0 || before === undefined) blockButtons();
}

function blockButtons() {
  clearTimeout(resting);
  resting = setTimeout(() => {
    resting = undefined;
    showButtonState();
  }, restMs);
  showButtonState();
}

function isResting() {
  return isSending || resting !== undefined;
}

/** `aria-disabled` instead of `disabled`, so that the focus stays. */
function showButtonState() {
  for (const button of buttons) button.setAttribute('aria-disabled', `${isResting()}`);
  form?.toggleAttribute('data-busy', isSending);
}

/** An unsent answer has priority over the age of the page. */
function showNote() {
  const { silent = '', clock = '' } = main?.dataset ?? {};
  keepInPlace(() => setText('#note', sent || (isOld ? silent.replace('{time}', clock) : '')));
}

/** @param {boolean} is */
function setOld(is) {
  isOld = is;
  main?.toggleAttribute('data-old', is);
  showNote();
}

/** @param {string} clock */
function handleUpdate(clock) {
  if (main !== null) main.dataset['clock'] = clock;
  restartSilenceTimer();
  setOld(false);
}

function restartSilenceTimer() {
  clearTimeout(silence);
  silence = setTimeout(() => {
    setOld(true);
    openStream();
  }, silentMs);
}

function openStream() {
  source?.close();
  const own = new EventSource(main?.dataset['live'] ?? '');
  source = own;
  restartSilenceTimer();
  own.addEventListener('clock', ({ data }) => handleUpdate(data));
  own.onmessage = ({ data }) => keepInPlace(() => show(JSON.parse(data)));
  own.onerror = () => {
    setOld(true);
    // EventSource does not reconnect after the server closed it for good.
    if (own.readyState === EventSource.CLOSED) setTimeout(() => own === source && openStream(), 5_000);
  };
}

/**
 * Returns the result of a press: `done`, `refused`, which has its own page, or the key of the text to show.
 *
 * @param {HTMLFormElement} to @param {Record<string, string>} fields @returns {Promise<'done' | 'refused' | 'away' | 'unsent'>}
 */
async function posted(to, fields) {
  try {
    const { type, status } = await fetch(to.action, {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
      signal: AbortSignal.timeout(sendLimitMs),
    });
    if (type === 'opaqueredirect') return 'done';
    return status >= 500 ? 'away' : 'refused';
  } catch {
    return 'unsent';
  }
}

/** @param {HTMLFormElement} to @param {HTMLButtonElement} pressed */
async function send(to, pressed) {
  isSending = true;
  sent = to.dataset['sending'] ?? '';
  blockButtons();
  showNote();
  const became = await posted(to, { word: pressed.value, holder: field?.value ?? '' });
  isSending = false;
  showButtonState();
  // The browser must show the refusal page: a second submit is refused again.
  if (became === 'refused') return submitNatively(to, pressed);
  sent = became === 'done' ? '' : (to.dataset[became] ?? '');
  showNote();
  if (became === 'done' && isOld) location.replace(to.action);
}

/** @param {HTMLFormElement} to @param {HTMLButtonElement} pressed */
function submitNatively(to, pressed) {
  to.removeEventListener('submit', onSubmit);
  // A disabled button would send no value.
  pressed.disabled = false;
  to.requestSubmit(pressed);
}

/** @param {SubmitEvent} event */
function onSubmit(event) {
  const { submitter, currentTarget } = event;
  if (!(submitter instanceof HTMLButtonElement && currentTarget instanceof HTMLFormElement)) return;
  event.preventDefault();
  if (!isResting()) void send(currentTarget, submitter);
}

if (main?.dataset['live'] !== undefined) {
  form?.addEventListener('submit', onSubmit);
  addEventListener('offline', () => setOld(true));
  addEventListener('online', openStream);
  blockButtons();
  openStream();
}
