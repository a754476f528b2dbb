/** Writes the sound state of a Windows PC as a line of JSON at the start and at each change: `watch-child.mjs FILE`. */
import { appendFileSync } from 'node:fs';
import { createPlatform } from '../../agent/this-pc.ts';

const pc = createPlatform();
const write = async () => appendFileSync(process.argv[2] ?? '', `${JSON.stringify(await pc.sound(AbortSignal.timeout(60_000)))}\n`);
pc.watchSound(() => void write());
await write();
