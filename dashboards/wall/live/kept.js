/** What a person did to a page stands with its address in the history of the browser: after *back*, and after a reload, it is there again. */
import { useEffect, useState } from 'preact/hooks';

/**
 * What stands at the open address under a name.
 * @param {string} name
 * @returns {unknown}
 */
export function keptHere(name) {
  return /** @type {Record<string, unknown> | null} */ (history.state)?.[name];
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function keepHere(name, value) {
  history.replaceState(Object.assign({}, history.state, { [name]: value }), '');
}

/**
 * As `useState`, of what stands at the open address under a name. Where that changes and what shows it stays, the same stands at the new one.
 * @template T
 * @param {string} name
 * @param {T} first
 */
export function useKept(name, first) {
  const [value, setValue] = useState(() => {
    const old = keptHere(name);
    return typeof old === typeof first ? /** @type {T} */ (old) : first;
  });
  useEffect(() => {
    if ((keptHere(name) ?? first) !== value) keepHere(name, value);
  });
  return /** @type {const} */ ([value, setValue]);
}
