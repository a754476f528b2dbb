export { default } from './conclude-node.ts';
