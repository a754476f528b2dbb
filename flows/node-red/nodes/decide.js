export { decide as default } from './kinds.ts';
