export { forgetOldMarks } from './earned-marks';
export { carryMarks, takeMarksBack } from './merged-marks';
export { pauseOffersNaming } from './withdrawn';
