/** Keeps the page of an answer as it is now. Without it the page works all the same: it is then as old as its last press. */

/** @typedef {{ what: string, since: string, beside: string[], why: string[], steps: string[], cure: string, status: string, line: string, holder: string, taken: string, labels: Record<string, string>, said: string[], used: string[] }} Live */

const main = document.querySelector('main');

/** @param {string} selector @param {string} text */
function write(selector, text) {
  const element = document.querySelector(selector);
  // What reads the same is not read aloud again.
  if (element !== null && element.textContent !== text) element.textContent = text;
}

/** @param {string} selector @param {'li' | 'p'} tag @param {string[]} texts */
function list(selector, tag, texts) {
  const made = texts.map((text) => Object.assign(document.createElement(tag), { textContent: text }));
  document.querySelector(selector)?.replaceChildren(...made);
}

/** @param {Live} live */
function show({ what, since, beside, why, steps, cure, status, line, holder, taken, labels, said, used }) {
  if (main === null) return;
  main.dataset['cure'] = cure;
  document.title = `${document.querySelector('.place')?.textContent}: ${what}`;
  write('h1', what);
  write('#since', since);
  list('#beside', 'p', beside);
  list('#why', 'p', why);
  list('#steps', 'li', steps);
  document.querySelector('form')?.toggleAttribute('hidden', cure === 'well' || cure === 'over');
  delete main.dataset['old'];
  write('#status', status);
  write('#line', line);
  write('#holder', holder);
  for (const [word, label] of Object.entries(labels)) write(`button[value=${word}]`, label);
  const field = document.querySelector('input[name=holder]');
  if (field instanceof HTMLInputElement) field.value = taken;
  for (const button of document.querySelectorAll('button')) button.disabled = used.includes(button.value);
  document.querySelector('h2')?.toggleAttribute('hidden', said.length === 0);
  list('#said', 'li', said);
}

function follow() {
  const source = new EventSource(main?.dataset['live'] ?? '');
  source.onmessage = ({ data }) => show(JSON.parse(data));
  source.onerror = () => {
    if (main !== null) main.dataset['old'] = '';
    // One that the centre ended for good does not come back by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 5_000);
  };
}

if (main?.dataset['live'] !== undefined) follow();
