import { test } from 'vitest';
import { judgeSeed, seedsOf } from './histories.ts';

test.each(seedsOf(1, 2))('history %i loses nothing, takes nothing twice and ends as if nothing had happened', judgeSeed);
