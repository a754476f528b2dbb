/** The tags by which India's operators (DLT) know what a variable of an SMS may hold: TRAI's direction of 18 November 2025. */

/** How a tag is written in a registered text, the most characters that a value of it may have, and what one looks like. */
export type Tag = { written: string; limit: number; pattern: RegExp };

/**
 * The direction names the tags and the 40 characters of `#alphanumeric#`; the other lengths are those that gateways take for any variable.
 * Change a number here where an operator says another.
 */
export const tags = {
  numeric: { written: '#numeric#', limit: 40, pattern: /^\d+$/ },
  alphanumeric: { written: '#alphanumeric#', limit: 40, pattern: /^[^\p{Cc}]+$/u },
  url: { written: '#url#', limit: 40, pattern: /^https:\/\/\S+$/ },
  urlott: { written: '#urlott#', limit: 40, pattern: /^https:\/\/\S+$/ },
  cbn: { written: '#cbn#', limit: 15, pattern: /^\+?\d+$/ },
  email: { written: '#email#', limit: 40, pattern: /^\S+@\S+$/ },
} as const satisfies Record<string, Tag>;

export type TagName = keyof typeof tags;

/** Whether a value stands at a tag as the operators let it through. */
export function isOfTag(tag: TagName, value: string): boolean {
  return value.length <= tags[tag].limit && tags[tag].pattern.test(value);
}

/** An address that a text may carry; undefined where it is none or too long for its tag, and the text goes without. */
export function usableUrl(url: string | undefined): string | undefined {
  return url !== undefined && isOfTag('url', url) ? url : undefined;
}

/** The part of an address that is registered: with a `?` what follows may differ, without one nothing may. */
export function fixedPartOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at + 1);
}
