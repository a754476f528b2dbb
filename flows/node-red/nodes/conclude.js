export { default } from './kinds/conclude-node.ts';
