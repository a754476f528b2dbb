/** The words by which a person stands in texts and rows, and how they are taken out. */

import type { PersonWords } from '../../engine/records/roster.ts';

/** Takes a person out of what stands under a name. */
export type Scrub = {
  /** One of these a row must have in what `folded` makes of it, so that not every row is read. */
  hints: string[];
  text(name: string, value: string): string;
  json(value: unknown, name: string): unknown;
};

/** Under these stand places and words of the domain: what is called like a person there is none. */
const notPeople = new Set(
  'scope scopes path pc site state fault channel kind verb status component device groups role roles language link'.split(' '),
);
/** Under these people write freely. */
const free = new Set('about text reason lastError lines said how conclusion title closedBecause note value'.split(' '));
/** Under these a person stands behind a slash: `12/email/asha`. */
const joined = new Set(['key', 'sent']);
const digitsOfPhone = 7;

/** Guarantee: what is a part of another word stays. */
export function scrubOf({ ids, texts, alias }: PersonWords): Scrub {
  const anywhere = texts.map((text) => patternOf(text));
  const tokens = ids.map((id) => new RegExp(`(?<![\\p{L}\\p{M}\\p{N}_.@-])${escaped(id)}(?![\\p{L}\\p{M}\\p{N}_@/-])`, 'giu'));
  const isId = (value: string) => ids.some((id) => id.toLowerCase() === value.toLowerCase());
  const replaced = (value: string, patterns: readonly RegExp[]) => {
    const composed = value.normalize('NFC');
    const left = patterns.reduce((text, one) => text.replace(one, () => alias), composed);
    return left === composed ? value : left;
  };

  function text(name: string, value: string): string {
    if (isId(value)) return notPeople.has(name) ? value : alias;
    const last = value.slice(value.lastIndexOf('/') + 1);
    const own = joined.has(name) && isId(last) ? `${value.slice(0, value.length - last.length)}${alias}` : value;
    return replaced(own, free.has(name) ? [...anywhere, ...tokens] : anywhere);
  }

  function json(value: unknown, name: string): unknown {
    if (typeof value === 'string') return text(name, value);
    if (Array.isArray(value)) return value.map((one) => json(one, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [isId(key) && !notPeople.has(name) ? alias : key, json(one, key)]));
  }

  return { hints: [...ids, ...texts].map(hintOf), text, json };
}

/** A text as hints are looked for in it: however its letters are encoded and cased, and its digits are parted. */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/[\s-]/g, '');
}

/** A phone is one with any prefix of its country, and with blanks or hyphens in it. */
function patternOf(text: string): RegExp {
  const digits = digitsOf(text);
  if (digits === undefined) {
    const words = text.normalize('NFC').trim().split(/\s+/).map(escaped);
    return new RegExp(`(?<![\\p{L}\\p{M}\\p{N}_])${words.join('\\s+')}(?![\\p{L}\\p{M}\\p{N}_])`, 'giu');
  }
  return new RegExp(`(?<!\\d)(\\+?\\d{1,3}[\\s-]?|0)?${[...digits].join('[\\s-]*')}(?!\\d)`, 'gu');
}

function hintOf(text: string): string {
  const digits = digitsOf(text);
  if (digits !== undefined) return digits.slice(-4);
  // In a row of JSON there is a backslash before these.
  const [longest = ''] = text.split(/[\s"\\]+/).toSorted((a, b) => b.length - a.length);
  return folded(longest);
}

/** The last ten digits of a phone; undefined where it is none. */
function digitsOf(text: string): string | undefined {
  if (!/^\+?[\d\s-]+$/.test(text)) return undefined;
  const digits = text.replace(/\D/g, '');
  return digits.length < digitsOfPhone ? undefined : digits.slice(-10);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
