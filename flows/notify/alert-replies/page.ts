/** HTML of the answer page. It works without scripts on a phone of 360 px; a small script keeps it current. */
import { type MessageLanguage, oneTapAnswers, vocabularyIn } from '@sabha/contracts';
import type { PageHead } from '../../pki/http-auth/http-auth.ts';
import { escaped } from '../people/channels/kit/html.ts';
import { type AnswerSheet, isRepaired } from './sheet.ts';

type Html = { html: string };

/** Template function that escapes every value, except HTML that it created itself. */
function html(parts: TemplateStringsArray, ...values: (string | Html | Html[])[]): Html {
  const textOf = (value: string | Html) => (typeof value === 'string' ? escaped(value) : value.html);
  const textAt = (at: number) => [values[at] ?? ''].flat().map(textOf).join('');
  return { html: parts.map((part, at) => part + textAt(at)).join('') };
}

type PageStyle = { head: PageHead; language: MessageLanguage };

/** Page of one incident. `action`: target of its form; `live`: URL of its event stream. */
export function sheetPage(head: PageHead, sheet: AnswerSheet, { action, live }: { action: string; live: string }): string {
  const { language, live: now } = sheet;
  const { answer, message } = vocabularyIn(language);
  const list = (items: string[]) => items.map((item) => html`<li>${item}</li>`);
  const lines = (items: string[]) => items.map((item) => html`<p>${item}</p>`);
  const labels = { ...answer, ...now.labels };
  const button = (word: (typeof oneTapAnswers)[number]) => {
    const used = now.used.includes(word) ? html` disabled` : html``;
    return html`<button name="word" value="${word}"${used}>${labels[word]}</button>`;
  };
  const body = html`
<main data-cure="${now.cure}" data-live="${live}" data-clock="${sheet.clock}" data-silent="${answer.silent}">
<p class="n">${message.incident.replace('{n}', `${sheet.incident}`)} · Sabha</p>
<h1>${now.what}</h1>
<p class="place">${sheet.place}</p>
<p id="since">${now.since}</p>
<div id="beside">${lines(now.beside)}</div>
<div id="why">${lines(now.why)}</div>
<p id="status" role="status">${now.status}</p>
<ol id="steps">${list(now.steps)}</ol>
<ul class="visit">${sheet.visit.map((line) => html`<li>${phoneLine(line, sheet.phone)}</li>`)}</ul>
<div class="news">
<p id="holder" aria-live="polite">${now.holder}</p>
<p id="note" aria-live="assertive"></p>
<p id="line" class="line" aria-live="polite">${now.line}</p>
</div>
<form method="post" action="${action}" data-sending="${answer.sending}" data-unsent="${answer.unsent}" data-away="${answer.away}"${isRepaired(now.cure) ? html` hidden` : html``}>
<input type="hidden" name="holder" value="${now.taken}">
${oneTapAnswers.map(button)}
<button name="word" value="here" class="here">${labels.here}</button>
<p>${answer.seen}: ${answer.meansSeen}</p>
<p>${answer.going}: ${answer.meansGoing}</p>
</form>
<h2${now.said.length === 0 ? html` hidden` : html``}>${answer.said}</h2>
<ul id="said">${list(now.said)}</ul>
</main>`;
  const isAwaited = now.line === answer.checking;
  return document({ head, language }, { title: `${sheet.place}: ${now.what}`, body, script: true, isAwaited });
}

/** Returns a line whose phone number is a link. The link has the whole line as its label for screen readers. */
function phoneLine(line: string, phone: AnswerSheet['phone']): Html {
  const at = phone === undefined ? -1 : line.indexOf(phone.number);
  if (phone === undefined || at < 0) return html`${line}`;
  const { number, tel } = phone;
  return html`${line.slice(0, at)}<a class="tel" href="tel:${tel}" aria-label="${line}">${number}</a>${line.slice(at + number.length)}`;
}

/** Returns a page with one message and an optional link back. `sheet`: the incident of the message. */
export function linePage(manner: PageStyle, { line, back, sheet }: { line: string; back?: string; sheet?: AnswerSheet }): string {
  const way = back === undefined ? html`` : backLink(manner, back);
  return document(manner, {
    title: 'Sabha',
    body: html`<main>${sheet ? about(sheet) : html``}<h1>${line}</h1>${way}</main>`,
    script: false,
  });
}

/** Returns place and fault, so that a person with several open pages can distinguish them. */
function about({ place, live }: AnswerSheet): Html {
  return html`<p class="place">${place}</p><p>${live.what}</p>`;
}

function backLink({ language }: PageStyle, to: string): Html {
  return html`<p><a class="back" href="${to}">${vocabularyIn(language).answer.back}</a></p>`;
}

export function noticePage(manner: PageStyle, notice: { by: string; text: string; at: string; action: string }): string {
  const { direct, announce } = vocabularyIn(manner.language);
  const { by, text, at, action } = notice;
  const body = html`<main><p class="n">${direct.announcement} · Sabha</p><h1>${text}</h1><p class="place">${by}</p><p>${at}</p>
<form class="one" method="post" action="${action}"><button name="word" value="read">${announce.read}</button></form></main>`;
  return document(manner, { title: direct.announcement, body, script: false });
}

/** Page that asks for confirmation before a takeover. */
export function askPage(head: PageHead, sheet: AnswerSheet, action: string): string {
  const { language, live } = sheet;
  const { answer } = vocabularyIn(language);
  const body = html`<main>${about(sheet)}<h1>${live.holder} ${answer.takeOverAsk}</h1>
<form class="one" method="post" action="${action}"><input type="hidden" name="holder" value="${live.taken}">
<button name="word" value="going">${answer.takeOver}</button></form>${backLink({ head, language }, action)}</main>`;
  return document({ head, language }, { title: 'Sabha', body, script: false });
}

/** `isAwaited`: a result is pending, so a page without a script reloads itself. */
type PageContent = { title: string; body: Html; script: boolean; isAwaited?: boolean };

function document({ head, language }: PageStyle, { title, body, script, isAwaited = false }: PageContent): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
${isAwaited ? html`<noscript><meta http-equiv="refresh" content="5"></noscript>` : html``}
<title>${title}</title>
<link rel="icon" href="/icon.svg">
${{ html: head.style }}
${{ html: script ? head.script : '' }}
</head>
<body>${body}</body>
</html>
`.html;
}
