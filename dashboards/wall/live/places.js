/** Places of the states on the tile map, and the layout of sites as dots in a tile. */

/** @import { SiteView } from '@sabha/contracts' */
/** @import { Mark } from './model.js' */

/** Code, column, row and spellings of each state and union territory of India. A tile map draws no boundary. */
const grid = `JK 3 0 jammukashmir; LA 4 0 ladakh; PB 2 1 punjab; CH 3 1 chandigarh; HP 4 1 himachalpradesh himachal;
  HR 2 2 haryana; DL 3 2 delhi newdelhi; UK 4 2 uttarakhand uttaranchal ut; SK 6 2 sikkim; AR 9 2 arunachalpradesh arunachal;
  RJ 2 3 rajasthan; UP 3 3 uttarpradesh; BR 5 3 bihar; ML 7 3 meghalaya; AS 8 3 assam; NL 9 3 nagaland; GJ 1 4 gujarat;
  MP 3 4 madhyapradesh; JH 5 4 jharkhand; WB 6 4 westbengal bengal; TR 7 4 tripura; MZ 8 4 mizoram; MN 9 4 manipur;
  DN 1 5 dadranagarhavelidamandiu dadranagarhaveli damandiu dnhdd dh; MH 2 5 maharashtra; CG 4 5 chhattisgarh chattisgarh ct;
  OD 5 5 odisha orissa or; GA 2 6 goa; TG 3 6 telangana ts; AP 4 6 andhrapradesh andhra; KA 2 7 karnataka;
  PY 4 7 puducherry pondicherry; AN 7 7 andamannicobar andaman; KL 2 8 kerala; TN 3 8 tamilnadu; LD 1 8 lakshadweep`;
const tiles = new Map(
  grid.split(';').flatMap((entry) => {
    const [code = '', column, row, ...spellings] = entry.trim().split(' ');
    const tile = { code, column: Number(column), row: Number(row) };
    return [code.toLowerCase(), ...spellings].map((name) => /** @type {const} */ ([name, tile]));
  }),
);

/**
 * Returns the tile of a state by its id in any usual spelling; undefined for a name that the organisation invented.
 * @param {string} state
 */
export function tileOf(state) {
  const words = state.split('-').filter((word) => !['and', 'of', 'the', 'nct', 'islands'].includes(word));
  return tiles.get(words.join(''));
}

/** Width and height of a tile, and the maximum size of a dot, in SVG units. */
export const [width, height] = [100, 42];
const maxDotSize = 11;

/** Symbol of a site: its mark, or the ring of one that is not live. @typedef {Mark | 'commissioning' | 'planned'} Dot */

/**
 * Returns one SVG path for each kind of dot, in the order of the sites, at the largest size at which all fit.
 *
 * @param {readonly SiteView[]} sites
 * @param {(site: SiteView) => Dot | null} dotOf
 */
export function dotsOf(sites, dotOf) {
  const dots = sites.map(dotOf).filter((dot) => dot !== null);
  let cell = maxDotSize;
  while (Math.floor(width / cell) * Math.floor(height / cell) < dots.length) cell *= 0.97;
  const columns = Math.floor(width / cell);
  /** @type {Partial<Record<Dot, string>>} */
  const paths = {};
  dots.forEach((dot, at) => {
    const [x, y] = [((at % columns) + 0.5) * cell, (Math.floor(at / columns) + 0.5) * cell];
    const mark = dot === 'fault' ? diamond(x, y, (cell / 2).toFixed(1)) : circle(x, y, cell * radius[dot]);
    paths[dot] = (paths[dot] ?? '') + mark + (dot === 'unproven' ? half(x, y, cell * 0.25) : '');
  });
  return { paths: Object.entries(paths), cell };
}

const radius = { ok: 0.36, unproven: 0.36, unknown: 0.31, commissioning: 0.2, planned: 0.1 };

/** @param {number} x @param {number} y @param {number} r */
function circle(x, y, r) {
  const [round, wide] = [r.toFixed(2), (2 * Number(r.toFixed(2))).toFixed(2)];
  const half = `a${round} ${round} 0 1 0 `;
  return `M${(x - r).toFixed(1)} ${y.toFixed(1)}${half}${wide} 0${half}-${wide} 0`;
}

/** The right half of a circle, cut out of the dot around it. @type {(x: number, y: number, r: number) => string} */
const half = (x, y, r) => `M${x.toFixed(1)} ${(y - r).toFixed(1)}a${r.toFixed(2)} ${r.toFixed(2)} 0 0 1 0 ${(2 * r).toFixed(2)}z`;

/** @type {(x: number, y: number, step: string) => string} */
const diamond = (x, y, step) => `M${x.toFixed(1)} ${(y - Number(step)).toFixed(1)}l${step} ${step}l-${step} ${step}l-${step} -${step}z`;
