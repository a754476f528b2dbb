/** A message as small HTML: the same words as its text, in the colours of the reader's theme. */
import { fillIn, vocabularyIn } from '@sabha/contracts';
import type { RenderedMessage } from '../../../../engine/records/notices.ts';

/** Content of the HTML. A line of the text may be a URL, or end with `link`. */
export type HtmlMessage = Pick<RenderedMessage, 'subject' | 'text' | 'language'> &
  Partial<Pick<RenderedMessage, 'link' | 'phone' | 'notice'>>;

/**
 * Uses no picture, script or colour, so that dark mode works. A reply link becomes a button, with its address in small letters at the end.
 * Guarantee: all text is escaped. Only the message's own link, a line that is an https address, and the phone number become links.
 */
export function htmlOf(message: HtmlMessage): string {
  const { subject, text, language, link = '' } = message;
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const mark = rest.indexOf('-- ');
  const [body, footer] = mark < 0 ? [rest, []] : [rest.slice(0, mark), rest.slice(mark + 1)];
  const tap = fillIn(vocabularyIn(language).message.tap, { url: link });
  const lines = body.filter((line) => line !== tap);
  const at = lines.length < body.length ? buttonAt(lines, message) : undefined;
  const paragraph = (some: string[]) => `<p style="margin:0">${some.map((line) => lineOf(line, message)).join('<br>\n')}</p>`;
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<meta name="color-scheme" content="light dark"><title>${escaped(subject)}</title></head>`,
    '<body style="font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:1em;overflow-wrap:anywhere">',
    `<p style="font-weight:bold;margin:0 0 .5em">${escaped(first)}</p>`,
    paragraph(lines.slice(0, at)),
    ...(at === undefined ? [] : [buttonOf(message), paragraph(lines.slice(at))]),
    ...(footer.length > 0 ? [`<p style="opacity:.7;font-size:14px">${footer.map(escaped).join('<br>')}</p>`] : []),
    ...(at === undefined ? [] : [`<p style="font-size:12px">${linked(tap, link)}</p>`]),
    '</body></html>',
    '',
  ].join('\n');
}

/** Position of the button: above the steps for an alert, since the reader replies before acting; after the text of an announcement. */
function buttonAt(lines: readonly string[], { notice, language }: HtmlMessage): number {
  const { todo } = vocabularyIn(language).message;
  const steps = ['1. ', todo.slice(0, todo.indexOf('{'))];
  const at = notice?.announcement ? -1 : lines.findIndex((line) => line === '' || steps.some((step) => line.startsWith(step)));
  return at < 0 ? lines.length : at;
}

function buttonOf({ link = '', notice, language }: HtmlMessage): string {
  const { message, announce } = vocabularyIn(language);
  const style = 'display:block;border:2px solid;border-radius:8px;padding:11px;text-align:center;font-weight:bold;text-decoration:none';
  return `<p style="margin:1em 0"><a href="${escaped(link)}" style="${style}">${notice?.announcement ? announce.read : message.reply}</a></p>`;
}

function lineOf(line: string, { link, phone }: HtmlMessage): string {
  if (/^https:\/\/[^\s"<>]+$/.test(line)) return linked(line, line);
  return phone?.line === line ? linked(line, phone.number, `tel:${phone.tel}`) : linked(line, link);
}

/** Makes the end of a line a link. The padding of a phone number is sized for a thumb. */
function linked(line: string, end = '', to = end): string {
  if (end === '' || !line.endsWith(end)) return escaped(line);
  return `${escaped(line.slice(0, -end.length))}<a href="${escaped(to)}"${to === end ? '' : ' style="padding:12px 0"'}>${escaped(end)}</a>`;
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
