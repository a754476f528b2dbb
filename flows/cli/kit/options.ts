/** The options of the verbs, each with what it is for. */
import type { Option } from './model.ts';

/** It is there or not. */
export function flag(en: string, hi: string): Option {
  return { type: 'boolean', says: { en, hi } };
}

/** A word stands behind it. */
export function takes(en: string, hi: string): Option {
  return { type: 'string', says: { en, hi } };
}

/** The same, and it may be said more than once. */
export function takesMany(en: string, hi: string): Option {
  return { ...takes(en, hi), multiple: true };
}
