export { default } from './kinds/deliver-node.ts';
