export { forgetOldMarks } from './earned-marks';
export { pauseOffersNaming } from './withdrawn';
