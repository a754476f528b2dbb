/** Prints the size of each part for `npm run check`. */
import { fileURLToPath } from 'node:url';
import { sizesOf } from './parts.ts';
import { repository } from './source.ts';

const sizes = sizesOf(repository(fileURLToPath(new URL('../../', import.meta.url))));
const each = sizes.map(({ path, code, lines }) => `${path} ${code} of ${lines}`);
console.log(`lines of code: ${each.join(', ')}; ${sizes.reduce((sum, { code }) => sum + code, 0)} in all`);
