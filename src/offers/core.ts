export { forgetOldMarks } from './earned-marks';
export { carryMarks, takeMarksBack } from './merged-marks';
export { endOffers, pauseOffersNaming } from './withdrawn';
