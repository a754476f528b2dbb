/** How large each part is, as `npm run check` prints it. */
import { fileURLToPath } from 'node:url';
import { shapes } from './room-rules.ts';
import { repository } from './source.ts';

const seen = shapes(repository(fileURLToPath(new URL('../../', import.meta.url))));
const each = seen.map(({ part, lines, limit }) => `${part} ${lines} of ${limit}`);
const sum = seen.reduce((total, { lines }) => total + lines, 0);
console.log(`lines of code: ${each.join(', ')}; ${sum} in all`);
