/** A message as small HTML: the same words as its text, in the colours of the reader's own theme. */
import type { MessageLanguage } from '#contracts';

/** What it is made of; the text may have lines that are addresses. */
export type HtmlMessage = { subject: string; text: string; language: MessageLanguage };

/**
 * No picture, no script, no colour of its own: a mail program in dark mode keeps its own letters and ground.
 * Guarantee: whatever stands in the text comes out as text; only a line that is an https address becomes a link.
 */
export function htmlOf({ subject, text, language }: HtmlMessage): string {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const mark = rest.indexOf('-- ');
  const [body, footer] = mark < 0 ? [rest, []] : [rest.slice(0, mark), rest.slice(mark + 1)];
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<meta name="color-scheme" content="light dark"><title>${escaped(subject)}</title></head>`,
    '<body style="font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:1em">',
    `<p style="font-weight:bold;margin:0 0 .5em">${escaped(first)}</p>`,
    `<p style="margin:0">${body.map(lineOf).join('<br>\n')}</p>`,
    ...(footer.length > 0 ? [`<p style="opacity:.7;font-size:14px">${footer.map(escaped).join('<br>')}</p>`] : []),
    '</body></html>',
    '',
  ].join('\n');
}

function lineOf(line: string): string {
  const text = escaped(line);
  return /^https:\/\/[^\s"<>]+$/.test(line) ? `<a href="${text}">${text}</a>` : text;
}

/** As HTML writes it, in text and in attributes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
