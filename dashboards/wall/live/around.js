/** Finds the next tile in the direction of an arrow key. */

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

/** @type {Readonly<Record<string, readonly [x: number, y: number]>>} */
const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Factor by which a sideways offset counts more than distance along the direction. */
const sidewaysWeight = 3;

/**
 * Returns the index of the next box; -1 if the key is no arrow or no box is in that direction.
 *
 * @param {readonly Box[]} boxes
 * @param {number} from
 * @param {string} key
 */
export function nextBox(boxes, from, key) {
  const direction = Object.hasOwn(directions, key) ? directions[key] : undefined;
  const start = boxes[from];
  if (direction === undefined || start === undefined) return -1;
  const [right, down] = direction;
  const costs = boxes.map((box, at) => {
    const [x, y] = [middle(box)[0] - middle(start)[0], middle(box)[1] - middle(start)[1]];
    const along = x * right + y * down;
    return at === from || along < 1 ? Number.POSITIVE_INFINITY : along + sidewaysWeight * Math.abs(x * down + y * right);
  });
  const least = Math.min(...costs);
  return Number.isFinite(least) ? costs.indexOf(least) : -1;
}

/** @param {Box} box */
function middle({ x, y, width, height }) {
  return /** @type {const} */ ([x + width / 2, y + height / 2]);
}
