export { outcome as default } from './kinds.ts';
