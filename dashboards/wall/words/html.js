/**
 * Replacement for `htm/preact` (the import map points here). The original `htm` caches static vnodes, and each cached one keeps the tree of
 * its first use in memory while the page is open.
 */
import htm from 'htm';
import { h } from 'preact';

/** @import { ComponentChild, VNode } from 'preact' */

/**
 * Guarantee: every call creates new vnodes.
 * @this {number[]}
 * @param {any} type
 * @param {any} props
 * @param {ComponentChild[]} children
 * @returns {VNode<any>}
 */
function fresh(type, props, ...children) {
  // This flag turns off the cache (documentation of htm).
  this[0] = 3;
  return h(type, props, ...children);
}

// The types of htm describe a CommonJS module, but the browser loads an ES module.
const maker = /** @type {{ bind(h: typeof fresh): typeof import('htm/preact').html }} */ (/** @type {unknown} */ (htm));

/** Template tag for HTML that returns Preact vnodes. */
export const html = maker.bind(fresh);
