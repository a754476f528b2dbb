/** Stores view state, such as open groups, in the history entry of the address. It survives *back* and a reload. */
import { useEffect, useState } from 'preact/hooks';

/**
 * Returns the value stored under a name for the current address.
 * @param {string} name
 * @returns {unknown}
 */
export function readHistoryState(name) {
  return /** @type {Record<string, unknown> | null} */ (history.state)?.[name];
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function writeHistoryState(name, value) {
  history.replaceState(Object.assign({}, history.state, { [name]: value }), '');
}

/**
 * Like `useState`, but stored in the history entry of the address. If the address changes while the component stays, the value is stored
 * there too.
 * @template T
 * @param {string} name
 * @param {T} first
 */
export function useHistoryState(name, first) {
  const [value, setValue] = useState(() => {
    const old = readHistoryState(name);
    return typeof old === typeof first ? /** @type {T} */ (old) : first;
  });
  useEffect(() => {
    if ((readHistoryState(name) ?? first) !== value) writeHistoryState(name, value);
  });
  return /** @type {const} */ ([value, setValue]);
}
