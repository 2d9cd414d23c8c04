export { makeCodes } from './discount-codes';
