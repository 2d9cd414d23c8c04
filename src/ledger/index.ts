export { balanceOf, type Balance } from './balances';
export { postAwards } from './posting';
