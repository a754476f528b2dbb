export { correlate as default } from './kinds.ts';
