export { GRANTS, grantOwed } from './rewards';
