/**
 * What the wall's files import as `htm/preact`: the import map leads here. As `htm` comes it keeps what has nothing filled in and hands it out
 * again and again; each such piece then keeps the whole tree in which it first stood alive, for as long as the page stands open.
 */
import htm from 'htm';
import { h } from 'preact';

/** @import { ComponentChild, VNode } from 'preact' */

/**
 * Guarantee: every call makes its pieces anew.
 * @this {number[]}
 * @param {any} type
 * @param {any} props
 * @param {ComponentChild[]} children
 * @returns {VNode<any>}
 */
function fresh(type, props, ...children) {
  // As htm's own documentation says it: what is marked so is never kept.
  this[0] = 3;
  return h(type, props, ...children);
}

// Its types are those of a CommonJS module, which a browser is not given.
const maker = /** @type {{ bind(h: typeof fresh): typeof import('htm/preact').html }} */ (/** @type {unknown} */ (htm));

/** HTML with blanks, as a tree of Preact's. */
export const html = maker.bind(fresh);
