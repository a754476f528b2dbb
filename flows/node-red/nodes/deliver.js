export { deliver as default } from './kinds.ts';
