/** Renders the room card as one HTML file that loads nothing, in the languages of the site. */

import { faultOf, type Language, type Readiness, vocabulary, type Words } from '@sabha/contracts';
import { encode } from 'uqr';
import { phrases, type Statement } from './statement.ts';

/** Interval at which the agent renews the time on the card. */
export const renewedEveryMs = 60_000;

/** Marks of the readiness. `ready` has no tick and no green, because it does not prove sound and picture. */
const marks: Record<Readiness, string> = { ready: '◐', 'not-ready': '✖', unknown: '?' };

/**
 * Script of the page. The page is stale until the script finds a recent time in it. The page reloads every few seconds. The script also
 * checks every second, because the file may be gone or the disk may hang. A time in the future, after the clock was set back, is stale too.
 */
const script = `
const written = Number(document.documentElement.dataset.written);
const judge = () => {
  const age = Date.now() - written;
  const isFresh = age > -10000 && age < ${2.5 * renewedEveryMs};
  document.getElementById('now').hidden = !isFresh;
  document.getElementById('old').hidden = isFresh;
};
judge();
setInterval(judge, 1000);
setTimeout(() => location.reload(), 5000);
for (const time of document.querySelectorAll('time')) time.textContent = new Date(written).toLocaleTimeString('en-GB');
`;
/**
 * SHA-256 of the script in base64, which a test verifies. To compute the hash here would load a crypto library of 2 MiB into the session
 * helper.
 */
const scriptSha256 = 'yvNUAlOa1w02c2dCZ+EodbD66WiQh61wXMAvltzFSS0=';

/** Content security policy: loads nothing and runs only the script of this file. */
const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptSha256}'; base-uri 'none'; form-action 'none'`;

const style = `
:root { color-scheme: light dark; --ink: #14181d; --paper: #fff; --soft: #4a5561; --ready: #00668f; --not-ready: #b00020; --unknown: #4a5561; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f2f5f8; --paper: #11151a; --soft: #b4bec9; --ready: #58c1f0; --not-ready: #ff8a80; --unknown: #b4bec9; }
}
* { box-sizing: border-box; margin: 0; }
body { background: var(--paper); color: var(--ink); padding: 4vmin; font: clamp(1rem, 2.6vmin, 2rem)/1.4 system-ui, 'Noto Sans Devanagari', sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.8em; }
h2 { font-size: clamp(2.2rem, 9vmin, 8rem); line-height: 1.2; }
h3 { font-size: 1.7em; }
.ready h2 { color: var(--ready); }
.not-ready h2 { color: var(--not-ready); }
.unknown h2 { color: var(--unknown); }
.action { font-size: 1.5em; }
.soft { color: var(--soft); }
div[lang] { margin-top: 3vmin; }
div[lang] ~ div[lang] { font-size: 0.7em; }
div[lang] ~ div[lang] h2 { font-size: clamp(1.6rem, 5vmin, 5rem); }
.sides { display: flex; flex-wrap: wrap; gap: 3vmin; }
.sides > div { flex: 1 1 24rem; }
.help { margin-top: 3vmin; max-width: 22rem; color: var(--ink); }
svg { display: block; width: min(22rem, 60vmin); }
footer { margin-top: 4vmin; border-top: 1px solid var(--soft); }
`;

/**
 * The page in two parts. The time of writing, in milliseconds since 1970, is written between them, so that a new time needs no rendering.
 */
export type Page = readonly [before: string, after: string];

/** Renders a statement. Guarantee: every name is shown as text, even if it contains HTML. */
export function pageOf(statement: Statement): Page {
  const { languages, pc, docs } = statement;
  const each = (part: (language: Language) => string) =>
    languages.map((language) => `<div lang="${language}">${part(language)}</div>`).join('\n');
  const help = helpOf(statement);
  return [
    `<!doctype html>\n<html lang="${languages[0]}" data-written="`,
    `">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>Sabha · ${escaped(pc)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${nameInLanguages(statement.room, languages)}</h1>
<p>${nameInLanguages(statement.site, languages)} · ${escaped(pc)}</p>
<div class="sides">
<div>
<section id="old" class="unknown">
${each((language) => `<h2>? ${phrases.pageIsOld[language]}</h2><p class="action">${phrases.restartFirst[language]}</p>`)}
</section>
<section id="now" class="${statement.readiness}" hidden>
${each((language) => verdictOf(statement, language))}
</section>
</div>
${help === null ? '' : helpWithQrCode(help, languages)}
</div>
</main>
<footer>
${each((language) => `<h3>${phrases.neverLeaves[language]}</h3><p>${phrases.nothingPersonal[language]}</p>`)}
${docs === null ? '' : `<p><a class="soft" href="${escaped(docs)}">${nameInLanguages(phrases.pages, languages)}</a></p>`}
</footer>
<script>${script}</script>
</body>
</html>
`,
  ];
}

function verdictOf({ readiness, mainIssue }: Statement, language: Language): string {
  const verdict = `<h2>${marks[readiness]} ${vocabulary[language].readiness[readiness]}</h2>`;
  const asOf = `<p class="soft">${phrases.asOf[language]} <time></time></p>`;
  if (mainIssue === null) return verdict + asOf;
  const { title, action, about } = mainIssue;
  return `${verdict}<h3>${isolatedText(title, language)}</h3><p>${isolatedText(about, language)}</p><p class="action">${isolatedText(action, language)}</p>${asOf}`;
}

function helpWithQrCode({ link, name, svg }: Help, languages: readonly Language[]): string {
  const words = languages.map((language) => `<span lang="${language}">${phrases.scan[language]} ${isolate(name)}</span>`).join('<br>');
  return `<a class="help" href="${escaped(link)}">${svg}${words}</a>`;
}

/** Returns a name in the languages of the site, once if it is the same in several languages. */
function nameInLanguages(words: Words, languages: readonly Language[]): string {
  const firsts = languages.filter((language, at) => languages.findIndex((other) => words[other] === words[language]) === at);
  return firsts.map((language) => `<span lang="${language}">${isolatedText(words, language)}</span>`).join(' · ');
}

function isolatedText(words: Words, language: Language): string {
  return isolate(words[language]);
}

/** Isolates a name, so that right-to-left text does not reorder its surroundings. */
function isolate(text: string): string {
  return `<bdi>${escaped(text)}</bdi>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => entities[mark] ?? '');
}

export type Help = { link: string; name: string; svg: string };

export function helpOf(statement: Pick<Statement, 'pc' | 'help' | 'fault' | 'readiness' | 'languages'>): Help | null {
  const { help } = statement;
  if (help === null) return null;
  const text = encodeURIComponent(helpText(statement));
  const isMail = !help.startsWith('https:');
  const link = isMail ? `mailto:${help}?subject=${text}` : help.replace('{text}', () => text);
  return { link, name: isMail ? help : new URL(link).host, svg: qrCodeOf(link) };
}

/** Returns the subject of a mail for help, with PC and fault id: `ladakh/leh/hall: Microphone not found (microphone.missing)`. */
function helpText({ pc, fault, readiness, languages }: Pick<Statement, 'pc' | 'fault' | 'readiness' | 'languages'>): string {
  const language = languages[0] ?? 'en';
  if (fault === null) return `${pc}: ${vocabulary[language].readiness[readiness]}`;
  return `${pc}: ${faultOf(fault)?.title[language] ?? fault} (${fault})`;
}

/**
 * Draws the QR code dark on light in any colour scheme, with the empty border that a phone needs. Each row of adjacent dark modules is
 * one box of a single SVG path.
 */
function qrCodeOf(text: string): string {
  const { data, size } = encode(text, { ecc: 'M', border: 4 });
  const boxes = data.flatMap((row, y) => runsOf(row).map(({ from, length }) => `M${from} ${y}h${length}v1h-${length}z`));
  const light = `<path fill="#fff" d="M0 0h${size}v${size}h-${size}z"/>`;
  return `<svg viewBox="0 0 ${size} ${size}" aria-hidden="true" shape-rendering="crispEdges">${light}<path d="${boxes.join('')}"/></svg>`;
}

function runsOf(row: readonly boolean[]): { from: number; length: number }[] {
  const starts = row.flatMap((isDark, x) => (isDark && row[x - 1] !== true ? [x] : []));
  return starts.map((from) => {
    const end = row.indexOf(false, from);
    return { from, length: (end < 0 ? row.length : end) - from };
  });
}
